import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificate, certificate } from "./certificates.ts";
import { type Launch, proftpd, pureFtpd, type Setting, vsftpd } from "./real-configurations.ts";
import { canMakeNamespaces, namespaceWhereRootIs, type UserNamespace } from "./real-namespace.ts";
import { claimPorts } from "./real-ports.ts";
import { DIES_WITH_US, type RunningProgram, runProgram } from "./real-process.ts";
import { serverUrl, type TestServer, type TlsMode } from "./server.ts";

export const REAL_SERVERS = ["vsftpd", "proftpd", "pure-ftpd"] as const;
export type RealServerKind = (typeof REAL_SERVERS)[number];

export interface RealServerOptions {
  tls: TlsMode;
  /** An existing folder to serve. Default: a new one, removed by `stop()`. */
  root?: string;
  /** Default: self-signed, valid for 127.0.0.1 and localhost. */
  certificate?: Certificate;
  /** Of Pure-FTPd with explicit TLS: `-Y 3` refuses data connections in clear as well. Default: `-Y 2`. */
  demandsDataTls?: boolean;
}

export interface RealServer extends TestServer {
  readonly kind: RealServerKind;
  /** Its data connections go to the ports between `port` and this one. */
  readonly lastPort: number;
}

const HOST = "127.0.0.1";
const LAUNCHES: Record<RealServerKind, (setting: Setting) => Launch> = { vsftpd, proftpd, "pure-ftpd": pureFtpd };

/** Why this server cannot be started on this machine; undefined when it can. */
export function whyMissing(kind: RealServerKind): string | undefined {
  if (findFile(`usr/sbin/${kind}`) === undefined) return "not installed";
  if (kind === "pure-ftpd" && !canMakeNamespaces()) return "needs root and user namespaces";
  return undefined;
}

/** The servers that can be started on this machine: found below `MIROIR_TEST_SERVERS`, in PATH or in `/usr/sbin`. */
export function availableServers(): RealServerKind[] {
  return REAL_SERVERS.filter((kind) => whyMissing(kind) === undefined);
}

/**
 * Starts the server on loopback ports of its own; resolves when it greets. Throws with the server's own words when
 * it does not.
 */
export async function startRealServer(kind: RealServerKind, options: RealServerOptions): Promise<RealServer> {
  const missing = whyMissing(kind);
  if (missing !== undefined)
    throw new Error(`Cannot start "${kind}": ${missing}. MIROIR_TEST_SERVERS names the folder it is looked for in`);
  const { tls, certificate: identity = certificate(), demandsDataTls = false } = options;
  const ports = await claimPorts(HOST);
  const workFolder = mkdtempSync(join(tmpdir(), `miroir-${kind}-`));
  const root = realpathSync(options.root ?? mkdtempSync(join(tmpdir(), `miroir-${kind}-root-`)));
  const output = join(workFolder, "output");
  let program: RunningProgram | undefined;
  let namespace: UserNamespace | undefined;

  async function stop(): Promise<void> {
    namespace?.release();
    await program?.stop();
    ports.release();
    rmSync(workFolder, { recursive: true, force: true });
    if (options.root === undefined) rmSync(root, { recursive: true, force: true });
  }

  try {
    const setting = { find, workFolder, root, host: HOST, ports, tls, certificate: identity, demandsDataTls };
    const launch = LAUNCHES[kind](setting);
    const outputFile = openSync(output, "a");
    namespace = launch.rootIsUserId === undefined ? undefined : await namespaceWhereRootIs(launch.rootIsUserId);
    program = runProgram([...(namespace?.prefix ?? []), ...DIES_WITH_US, ...launch.command], outputFile);
    closeSync(outputFile);
    await program.greets(HOST, ports.control, tls === "implicit");
    namespace?.release();
    const { user, password } = launch;
    const address = { host: HOST, port: ports.control, user, tls };
    return {
      kind,
      ...address,
      password,
      lastPort: ports.lastPassive,
      certificateFile: identity.authorityFile,
      root,
      url: serverUrl(address),
      stop,
    };
  } catch (error) {
    const words = existsSync(output) ? readFileSync(output, "utf8").trim() : "";
    await stop();
    const state = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot start "${kind}": ${state}. ${words === "" ? "It said nothing" : `It said: ${words}`}`, {
      cause: error,
    });
  }
}

function find(path: string): string {
  const file = findFile(path);
  if (file === undefined) throw new Error(`"${path}" is not installed`);
  return file;
}

function findFile(path: string): string | undefined {
  const candidates = [join("/", path)];
  const folder = process.env.MIROIR_TEST_SERVERS;
  if (folder !== undefined && folder !== "") candidates.unshift(join(folder, path));
  const program = /^usr\/s?bin\/(.+)$/.exec(path)?.[1];
  for (const each of process.env.PATH?.split(":") ?? []) {
    if (program !== undefined && each !== "") candidates.push(join(each, program));
  }
  return candidates.find((candidate) => existsSync(candidate));
}
