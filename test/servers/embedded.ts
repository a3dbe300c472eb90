import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { ReceivedCommand, ServerContext, Transfer } from "./embedded-context.ts";
import { createFaults, type Fault } from "./embedded-faults.ts";
import { ALL_FEATURES, type EmbeddedServerOptions } from "./embedded-options.ts";
import { pause } from "./embedded-pause.ts";
import { openSession, type Session } from "./embedded-session.ts";
import { createTree } from "./embedded-tree.ts";
import { createVisitor, type Visitor } from "./embedded-visitor.ts";
import type { TestServer } from "./server.ts";

export type { ReceivedCommand, Transfer } from "./embedded-context.ts";
export type { Fault, FaultEffect, FaultMatch, Moment } from "./embedded-faults.ts";
export type { EmbeddedServerOptions, Features } from "./embedded-options.ts";
export type { Sighting, Visitor } from "./embedded-visitor.ts";

/** An FTP server in this process, on loopback, that can be told to misbehave. Not for the open network. */
export interface EmbeddedServer extends TestServer {
  /** What a visitor of the site would have seen. */
  readonly visitor: Visitor;
  readonly commands: ReceivedCommand[];
  /** Uploads, in the order they began. */
  readonly transfers: Transfer[];
  readonly sessionsOpen: number;
  inject(fault: Fault): void;
  clearFaults(): void;
  /** Cuts every control connection, and with it its data connection. */
  dropSessions(): void;
  /** Ends every data connection in a TCP reset, those that wait for their transfer as well. */
  resetData(): void;
  /** Stops listening and cuts all sessions, then listens again on the same port after `downMs`. */
  restart(how?: { downMs?: number }): Promise<void>;
}

export async function startEmbeddedServer(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const { host = "127.0.0.1", user = "alice", password = "secret", tls = "off", now = Date.now } = options;
  const root = options.root ?? mkdtempSync(join(tmpdir(), "miroir-embedded-"));
  const stopping = new AbortController();
  const sessions = new Set<Session>();
  let sessionCount = 0;
  const context: ServerContext = {
    options,
    features: { ...ALL_FEATURES, ...options.features },
    host,
    root,
    secureContext: secureContextFor(options),
    tree: createTree({
      root,
      loginFolder: options.loginFolder ?? "/",
      caseInsensitive: options.caseInsensitive ?? false,
      alterName: options.alterName ?? ((name) => name),
    }),
    faults: createFaults(options.faults ?? [], options.seed ?? 1),
    visitor: createVisitor(now),
    commands: [],
    transfers: [],
    now,
    signal: stopping.signal,
    sessionsOpen: () => sessions.size,
  };

  async function listen(port: number): Promise<{ listener: Server; port: number }> {
    const listener = createServer((socket) => {
      socket.on("error", () => {});
      let session: Session | undefined;
      // Counted before it is greeted: the greeting depends on how many there are.
      const place: Session = { destroy: () => session?.destroy(), resetData: () => session?.resetData() };
      sessions.add(place);
      session = openSession(context, socket, ++sessionCount, () => sessions.delete(place));
    });
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, host, resolve);
    });
    const address = listener.address();
    if (address === null || typeof address === "string")
      throw new Error(`Cannot listen on "${host}": no port was given`);
    return { listener, port: address.port };
  }

  function dropSessions(): void {
    for (const session of [...sessions]) session.destroy();
  }

  async function close(listener: Server): Promise<void> {
    const closed = new Promise((resolve) => listener.close(resolve));
    dropSessions();
    await closed;
  }

  const first = await listen(options.port ?? 0);
  let { listener } = first;
  const { port } = first;
  const scheme = { off: "ftp", explicit: "ftpes", implicit: "ftps" }[tls];

  return {
    kind: "embedded",
    host,
    port,
    user,
    password,
    tls,
    certificateFile: options.certificate?.authorityFile ?? options.certificate?.certificateFile ?? "",
    root,
    url: `${scheme}://${encodeURIComponent(user)}@${host.includes(":") ? `[${host}]` : host}:${port}`,
    visitor: context.visitor,
    commands: context.commands,
    transfers: context.transfers,
    get sessionsOpen() {
      return sessions.size;
    },
    inject: context.faults.inject,
    clearFaults: context.faults.clear,
    dropSessions,
    resetData() {
      for (const session of sessions) session.resetData();
    },
    async restart({ downMs = 0 } = {}) {
      await close(listener);
      await pause(downMs, stopping.signal);
      if (!stopping.signal.aborted) ({ listener } = await listen(port));
    },
    async stop() {
      stopping.abort();
      await close(listener);
      if (options.root === undefined) rmSync(root, { recursive: true, force: true });
    },
  };
}

function secureContextFor({
  tls = "off",
  certificate,
  tlsMaxVersion = "TLSv1.3",
}: EmbeddedServerOptions): SecureContext | undefined {
  if (tls === "off") return undefined;
  if (!certificate) throw new Error(`Cannot start with TLS "${tls}": no certificate was given`);
  return createSecureContext({
    key: readFileSync(certificate.keyFile),
    cert: readFileSync(certificate.certificateFile),
    maxVersion: tlsMaxVersion,
    ...(tlsMaxVersion === "TLSv1.1" && { minVersion: "TLSv1" }),
  });
}
