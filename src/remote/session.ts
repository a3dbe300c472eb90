import type { TLSSocket } from "node:tls";
import { type DataLine, dialPlain, tlsLine } from "./connection.ts";
import { ControlContext } from "./control.ts";
import { dial } from "./dial.ts";
import type { Capabilities } from "./features.ts";
import { ask, logIn, tooMany } from "./login.ts";
import { createPipeline, GREETING, isRefusal, type Pipeline, type Reply } from "./pipeline.ts";
import type { ReadyData } from "./ready.ts";
import { SiteError } from "./site.ts";
import { curveOf, secure, type Trust } from "./trust.ts";

export type TlsPolicy = "auto" | "explicit" | "implicit" | "off";

/** Where to connect, as whom, and what to believe. */
export interface Account {
  host: string;
  port: number;
  user: string;
  password: string;
  tls: TlsPolicy;
  trust: Trust;
  timeoutMs: number;
  /** The site has been seen with TLS before: `auto` never goes back to plain. */
  seenEncrypted?: boolean;
  /** The server agreed to TLS, whatever came of it: from now on it counts as seen. */
  onEncryption?: (() => void) | undefined;
  transcribe?: ((line: string) => void) | undefined;
  /** Called before anything is asked of a session that is logged in; what it throws keeps that from being sent. */
  beforeSending?: (() => void) | undefined;
  /** The server took the TCP connection, at this address. */
  onConnect?: (address: string) => void;
  /** A TLS handshake is over and nothing is verified yet. */
  onHandshake?: (socket: TLSSocket) => void;
  /** The server is known to ask for the password of this user: it goes out with the name. */
  isPasswordWanted?: boolean;
  /** One command at a time: the server stumbled over a login in few writes, or the failing command is to be known. */
  oneByOne?: boolean;
}

/** One logged-in control connection, in binary mode, with protected data connections when it is encrypted. */
export interface Session {
  readonly pipeline: Pipeline;
  readonly capabilities: Capabilities;
  readonly encrypted: boolean;
  /** Absolute path of the folder the login led to; undefined when the server does not tell. */
  readonly loginFolder: string | undefined;
  /** A further session can log in in one write: nothing of what comes before the password changes what follows it. */
  readonly isPasswordWanted: boolean;
  /**
   * A connection to the server's passive `port`, at the host of the control connection; on an encrypted session
   * opening it encrypts, verifies, and resumes the control connection's TLS session.
   * @throws SiteError `unreachable`, `tls`
   */
  dialData(port: number): Promise<DataLine>;
  /** A data connection that waits for its transfer. */
  ready: ReadyData | undefined;
  /** The data port that is being dialled and has not been reached yet. */
  unansweredPort(): number | undefined;
  close(): void;
}

/**
 * Connects, encrypts by the policy (AUTH always before USER), logs in and sets binary mode.
 * @throws SiteError `unreachable`, `login` (fatal, or transient when the server has too many sessions), `tls`
 */
export async function openSession(account: Account): Promise<Session> {
  const { host, port, timeoutMs } = account;
  const socket = await dial(host, port, timeoutMs);
  account.onConnect?.(socket.remoteAddress ?? host);
  const handshake = { timeoutMs, onHandshake: account.onHandshake };
  const context = new ControlContext();
  context.socket = account.tls === "implicit" ? await secure(socket, host, account.trust, handshake) : socket;
  if (account.tls === "implicit") account.onEncryption?.();
  context.socket.setKeepAlive(true, 30_000);
  context.transcribe = account.transcribe;
  let isLoggedIn = false;
  const pipeline = createPipeline(context, timeoutMs, () => {
    if (isLoggedIn) account.beforeSending?.();
  });
  try {
    const greeting = await greet(pipeline, host, port);
    let encrypted = account.tls === "implicit";
    if (account.tls === "auto" || account.tls === "explicit") {
      encrypted = await startTls(pipeline, account);
      // From here on the plain socket carries TLS records: nothing of it is text any more.
      if (encrypted) socket.removeAllListeners("data");
      if (encrypted) context.socket = await secure(socket, host, account.trust, handshake);
    }
    const greeted = { encrypted, greeting: greeting.lines.join("\n") };
    const loggedIn = await logIn(pipeline, account, greeted);
    isLoggedIn = true;
    const remoteAddress = socket.remoteAddress ?? host;
    const curve = encrypted ? curveOf(context.socket as TLSSocket) : undefined;
    let unanswered: number | undefined;
    function reach<T>(dataPort: number, dialling: Promise<T>): Promise<T> {
      unanswered = dataPort;
      const isOver = () => {
        if (unanswered === dataPort) unanswered = undefined;
      };
      dialling.then(isOver, isOver);
      return dialling;
    }
    const session: Session = {
      pipeline,
      encrypted,
      ...loggedIn,
      async dialData(dataPort) {
        if (!encrypted) return reach(dataPort, dialPlain(remoteAddress, dataPort, timeoutMs));
        const plain = await reach(dataPort, dial(remoteAddress, dataPort, timeoutMs));
        return tlsLine(plain, timeoutMs, () =>
          secure(plain, host, account.trust, { timeoutMs, session: context.tlsSessionStore, curve }),
        );
      },
      unansweredPort: () => unanswered,
      ready: undefined,
      close() {
        session.ready?.drop();
        pipeline.end(new Error("The session was closed"));
      },
    };
    return session;
  } catch (error) {
    pipeline.end(error instanceof Error ? error : new Error(String(error)));
    throw whileConnecting(error, host, port);
  }
}

async function greet(pipeline: Pipeline, host: string, port: number): Promise<Reply> {
  const reply = await ask(pipeline, GREETING);
  if (isRefusal(reply)) throw tooMany(reply) ?? turnedAway(reply, host, port);
  return reply;
}

/** AUTH TLS (RFC 4217 §4). False when the policy is `auto` and the server has no TLS. */
async function startTls(pipeline: Pipeline, account: Account): Promise<boolean> {
  const reply = await ask(pipeline, { text: "AUTH TLS", expects: [234] });
  if (!isRefusal(reply)) {
    account.onEncryption?.();
    return true;
  }
  if (account.tls === "explicit") {
    throw new SiteError(
      `Cannot encrypt the connection to "${account.host}": the server answered "${reply.text}" to AUTH TLS. ` +
        "Nothing was sent; --tls auto or --tls off would send the password and the files in clear",
      { kind: "fatal", reason: "tls", code: reply.code },
    );
  }
  if (account.seenEncrypted) {
    throw new SiteError(
      `Cannot encrypt the connection to "${account.host}", as it always was before: the server answered "${reply.text}" to AUTH TLS. ` +
        "Nothing was sent; if the server really gave encryption up, --tls off allows it",
      { kind: "fatal", reason: "tls", code: reply.code },
    );
  }
  return false;
}

function turnedAway(reply: Reply, host: string, port: number): SiteError {
  return new SiteError(`Cannot use "${host}" port ${port}: the server answered "${reply.text}"`, {
    kind: "transient",
    reason: "unreachable",
    code: reply.code,
  });
}

/** While connecting nothing is half done: an interrupted exchange is merely a connection that did not come about. */
function whileConnecting(error: unknown, host: string, port: number): SiteError {
  if (error instanceof SiteError && error.kind !== "unknown") return error;
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof SiteError ? error.code : undefined;
  return new SiteError(`Cannot connect to "${host}" port ${port}: ${words}`, {
    kind: "transient",
    reason: code === 421 ? "connection" : "unreachable",
    code,
    cause: error,
  });
}
