import type { DataConnection, DataLine } from "./connection.ts";
import { type Capabilities, parseExtendedPassive, parsePassive } from "./features.ts";
import { isRefusal, type Reply } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";

/** The port a reply to EPSV or PASV names; undefined for a refusal and for nonsense. */
export function portOf(reply: Reply | undefined): number | undefined {
  if (!reply || isRefusal(reply)) return undefined;
  return reply.code === 229 ? parseExtendedPassive(reply.text) : parsePassive(reply.text);
}

/** The port for the next transfer: by EPSV (RFC 2428), or PASV where the server has no EPSV. @throws SiteError */
export async function askPort(session: Session, capabilities: Capabilities): Promise<number> {
  session.ready?.drop();
  if (capabilities.epsv) {
    const [reply] = await session.pipeline.exchange([{ text: "EPSV", expects: [229] }]);
    const port = portOf(reply);
    if (port !== undefined) return port;
    if (reply && reply.code < 500 && isRefusal(reply)) throw refusedPassive(reply);
    capabilities.epsv = false;
  }
  const [reply] = await session.pipeline.exchange([{ text: "PASV", expects: [227] }]);
  const port = portOf(reply);
  if (port === undefined) throw refusedPassive(reply);
  return port;
}

/** The same by EPSV alone, for a transfer whose command stands behind it already. @throws SiteError */
export async function askExtendedPort({ pipeline }: Session): Promise<number> {
  const [reply] = await pipeline.exchange([{ text: "EPSV", expects: [229] }]);
  const port = portOf(reply);
  if (port === undefined) throw refusedPassive(reply);
  return port;
}

/** The way to the data connection of a transfer whose command has been written. */
export interface DataWay {
  open(): Promise<DataConnection>;
  /** It was dialled beforehand. */
  isReady: boolean;
}

export const wayTo = (session: Session, port: number): DataWay => ({
  open: () => dialData(session, port),
  isReady: false,
});

/**
 * Opens a data connection. With TLS that ends only after the transfer's command: servers greet nobody before it.
 * @throws SiteError
 */
export function dialData(session: Session, port: number): Promise<DataConnection> {
  return explained(session.dialData(port).then((line) => line.open()));
}

/** Dials, and does not encrypt yet. @throws SiteError */
export const dialLine = (session: Session, port: number): Promise<DataLine> => explained(session.dialData(port));

async function explained<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (cause) {
    if (cause instanceof SiteError && cause.reason === "tls") throw cause;
    throw notOpened(cause instanceof Error ? cause : new Error(String(cause)));
  }
}

/** The server gave up waiting at a port of its own, and nothing of it had answered here. */
export function unanswered(port: number, { code, text }: Reply): SiteError {
  const words = `Cannot open the data connection to port ${port}: no answer before the server gave up ("${text}")`;
  return notOpened(new SiteError(words, { kind: "transient", reason: "unreachable", code }));
}

function notOpened(cause: Error): SiteError {
  const advice = "It is the port the server named for data: a firewall may block its passive ports";
  return new SiteError(`${cause.message}. ${advice}`, { kind: "transient", reason: "connection", cause });
}

function refusedPassive(reply: Reply | undefined): SiteError {
  return new SiteError(`Cannot open a data connection: the server answered "${reply?.text ?? ""}" to passive mode`, {
    kind: "transient",
    reason: "refused",
    code: reply?.code,
  });
}
