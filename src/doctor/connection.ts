import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { exitOf } from "../mirror/codes.ts";
import { certificateOf } from "../remote/certificate.ts";
import { type Account, openSession, type Session } from "../remote/session.ts";
import { type ShownCertificate, SiteError } from "../remote/site.ts";
import { EXIT } from "../report/exit.ts";
import type { Tell } from "./finding.ts";
import { createTranscript, type Transcript } from "./transcript.ts";

/** A certificate that ends this soon is worth a word. */
const SOON_MS = 21 * 86_400_000;

export interface Connected {
  session: Session;
  /** The server's address on the network. */
  address: string;
  transcript: Transcript;
}

interface Clocks {
  now(): number;
  monotonicMs(): number;
}

/** Name, port, encryption and login, each told as far as it comes. Undefined when there is no session. */
export async function examineConnection(account: Account, clocks: Clocks, tell: Tell): Promise<Connected | undefined> {
  if (!(await examineName(account, clocks, tell))) return undefined;
  const transcript = createTranscript();
  let address: string | undefined;
  let connectMs = 0;
  let certificate: ShownCertificate | undefined;
  const startedAtMs = clocks.monotonicMs();
  try {
    const session = await openSession({
      ...account,
      // So that the last command is the one that failed.
      oneByOne: true,
      transcribe(line) {
        transcript.note(line);
        account.transcribe?.(line);
      },
      onConnect(there) {
        address = there;
        connectMs = Math.round(clocks.monotonicMs() - startedAtMs);
      },
      onHandshake(socket) {
        certificate = certificateOf(socket);
      },
    });
    tellPort(account, address ?? account.host, connectMs, transcript, tell);
    tellEncryption(account, session.encrypted, certificate, transcript, clocks, tell);
    tellLogin(account, session, transcript, tell);
    return { session, address: address ?? account.host, transcript };
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    tellFailure(account, error, { address, connectMs, certificate, transcript, clocks }, tell);
    return undefined;
  }
}

async function examineName({ host }: Account, { monotonicMs }: Clocks, tell: Tell): Promise<boolean> {
  if (isIP(host) !== 0) {
    tell({ step: "name", mark: "ok", found: `${host} is an address: there is no name to look up` });
    return true;
  }
  const startedAtMs = monotonicMs();
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    const ms = Math.round(monotonicMs() - startedAtMs);
    tell({ step: "name", mark: "ok", found: `${host} is ${addresses.join(", ")} (${ms} ms)` });
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const advice = "Check how the name is written, and that this machine has a network and a name server";
    tell({
      step: "name",
      mark: "problem",
      found: `No address for "${host}" (${code})`,
      advice,
      code: EXIT.unreachable,
    });
    return false;
  }
}

function tellPort({ port }: Account, address: string, ms: number, { greeting }: Transcript, tell: Tell): void {
  tell({ step: "port", mark: "ok", found: `${address} port ${port} answers (${ms} ms)`, server: greeting });
}

function tellEncryption(
  account: Account,
  isEncrypted: boolean,
  certificate: ShownCertificate | undefined,
  transcript: Transcript,
  { now }: Clocks,
  tell: Tell,
): void {
  const step = "encryption";
  if (isEncrypted) {
    const found = `${certificate?.protocol ?? "TLS"}, ${certificateShown(certificate)}`;
    const { insecure, fingerprint } = account.trust;
    if (insecure && certificate?.why !== undefined && fingerprint === undefined) {
      const advice = `Anybody in between could read all: in place of --tls-insecure, give ${trustOption(certificate)}`;
      return tell({ step, mark: "warning", found: `${found}, and --tls-insecure believes it`, advice });
    }
    if (certificate && Date.parse(certificate.validTo) - now() < SOON_MS && fingerprint === undefined && !insecure) {
      return tell({ step, mark: "warning", found, advice: "It ends soon: have it renewed before miroir is refused" });
    }
    const trusted = fingerprint === undefined ? "" : ", trusted by its fingerprint";
    return tell({ step, mark: "ok", found: found + trusted });
  }
  if (account.tls === "off") {
    const found = "Turned off by --tls off: the password and the files travel in clear";
    return tell({ step, mark: "warning", found, advice: "Leave --tls off away where the server has encryption" });
  }
  tell({
    step,
    mark: "warning",
    found: "The server offers none: the password and the files travel in clear",
    server: transcript.replyTo("AUTH"),
    advice:
      "Ask for TLS on the server. --tls explicit would refuse this server, --tls off accepts it without a warning",
  });
}

function tellLogin({ user }: Account, session: Session, transcript: Transcript, tell: Tell): void {
  const place = session.loginFolder === undefined ? "" : `, in the folder ${session.loginFolder}`;
  tell({
    step: "login",
    mark: "ok",
    found: `Logged in as ${user}${place}`,
    server: transcript.replyTo("PASS", "USER"),
  });
}

/** What was reached is told as well; what failed is the step after it. */
function tellFailure(
  account: Account,
  error: SiteError,
  so: {
    address: string | undefined;
    connectMs: number;
    certificate: ShownCertificate | undefined;
    transcript: Transcript;
    clocks: Clocks;
  },
  tell: Tell,
): void {
  const { address, connectMs, certificate, transcript, clocks } = so;
  const code = exitOf(error);
  const found = error.message;
  if (address === undefined) {
    const advice = "Check host and port, that the server runs, and that no firewall on the way keeps the port shut";
    return tell({ step: "port", mark: "problem", found, advice, code });
  }
  const isEncryptionFirst = account.tls === "implicit" && error.reason === "tls";
  if (transcript.greeting === undefined && !isEncryptionFirst) {
    const advice =
      account.tls === "implicit"
        ? "The port is open, and no FTP server with implicit TLS is behind it"
        : "The port is open, and no FTP server says a word there. One with implicit TLS (port 990) waits for --tls implicit";
    return tell({ step: "port", mark: "problem", found, advice, code });
  }
  if (!/^[1-3]/.test(transcript.greeting ?? "2")) {
    const advice = "It lets nobody in at the moment, or has too many sessions: try again in some minutes";
    return tell({ step: "port", mark: "problem", found, server: transcript.greeting, advice, code });
  }
  tellPort(account, address, connectMs, transcript, tell);
  if (error.reason === "tls") {
    const server = certificate === undefined ? transcript.replyTo("PROT", "AUTH") : undefined;
    const advice = certificate ? trustAdvice(account, certificate) : handshakeAdvice(account);
    return tell({
      step: "encryption",
      mark: "problem",
      found: encryptionFailure(account, certificate, error),
      server,
      advice,
      code,
    });
  }
  const isEncrypted = certificate !== undefined;
  tellEncryption(account, isEncrypted, certificate, transcript, clocks, tell);
  const advice =
    error.reason === "login"
      ? "Check account and password at the hoster's. Some want the whole mail address or user@domain as account"
      : "The server may have too many sessions of this account, or be under repair: try again in some minutes";
  tell({ step: "login", mark: "problem", found, server: transcript.replyTo("PASS", "USER"), advice, code });
}

function encryptionFailure({ trust }: Account, certificate: ShownCertificate | undefined, error: SiteError): string {
  if (certificate === undefined) return error.message;
  const why = trust.fingerprint === undefined ? certificate.why : "its fingerprint is not the one that was given";
  return `The certificate is not trusted: ${why}. ${certificate.protocol}, ${certificateShown(certificate)}`;
}

function trustAdvice({ trust }: Account, certificate: ShownCertificate): string {
  const option = trustOption(certificate);
  if (trust.fingerprint === undefined) return `If it is the server's own certificate, add ${option}`;
  return `If the server's certificate was replaced on purpose, give ${option}. If not, somebody may be listening`;
}

function handshakeAdvice({ tls }: Account): string {
  if (tls === "implicit") return "The server may have explicit TLS at this port: write ftpes:// or --tls explicit";
  return "Have TLS (1.2 or newer) set up on the server. Nothing secret was sent";
}

const trustOption = ({ fingerprint }: ShownCertificate) => `--tls-fingerprint ${fingerprint}`;

function certificateShown(certificate: ShownCertificate | undefined): string {
  if (certificate === undefined) return "without a certificate";
  const { subject, issuer, validFrom, validTo, fingerprint } = certificate;
  const dates = `valid ${dayOf(validFrom)} to ${dayOf(validTo)}`;
  return `certificate of "${subject}" by "${issuer}", ${dates}, SHA-256 ${fingerprint}`;
}

function dayOf(date: string): string {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? "an unknown day" : new Date(ms).toISOString().slice(0, 10);
}
