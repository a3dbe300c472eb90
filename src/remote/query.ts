import { type Capabilities, parseFtpTime, parseSize } from "./features.ts";
import { type ParsedListing, parseHumanListing, parseMachineLine, parseMachineListing } from "./listing.ts";
import { type Command, isRefusal, type Reply } from "./pipeline.ts";
import { retrieve } from "./retrieve.ts";
import type { Session } from "./session.ts";
import { type Listing, type RemoteEntry, SiteError } from "./site.ts";

export const isUnsupported = (reply: Reply) => reply.code === 500 || reply.code === 502 || reply.code === 504;

/** What a session is asked with: the capabilities are shared by all sessions and corrected as the server refuses. */
export interface Asking {
  session: Session;
  capabilities: Capabilities;
  timeoutMs: number;
}

export async function ask({ session }: Asking, text: string, expects: readonly number[]): Promise<Reply> {
  const [reply] = await session.pipeline.exchange([{ text, expects }]);
  if (!reply) throw new Error(`no reply to ${text}`);
  return reply;
}

/**
 * A refusal as an error: 4xx may pass, 5xx is about this entry.
 * @param remedy what to do about one that is not for want of space
 */
export function refused(action: string, reply: Reply, remedy?: string): SiteError {
  const isFull = reply.code === 452 || reply.code === 552;
  const saysFull = isFull || /quota|disk (is )?full|(no|not enough|out of) (disk )?space/i.test(reply.text);
  const what = saysFull ? "Free space on the server, or have the quota raised; miroir tries again" : remedy;
  const advice = what === undefined ? "" : `. ${what}`;
  return new SiteError(`Cannot ${action}: the server answered "${reply.text}"${advice}`, {
    // Space does not come back within a pass.
    kind: !isFull && (reply.code < 500 || reply.code === 530) ? "transient" : "permanent",
    reason: isFull ? "full" : "refused",
    code: reply.code,
  });
}

/**
 * The size of a remote file by SIZE (RFC 3659 §4), else MLST, else the folder's listing.
 * Undefined when the file is not there; `"unknown"` when the server has no way to tell.
 */
export async function sizeOf(asking: Asking, path: string): Promise<number | undefined | "unknown"> {
  const { capabilities } = asking;
  if (capabilities.size) {
    const reply = await ask(asking, `SIZE ${path}`, [213]);
    if (!isRefusal(reply)) return parseSize(reply.text) ?? "unknown";
    if (reply.code === 550) return undefined;
    if (!isUnsupported(reply)) throw refused(`ask for the size of "${path}"`, reply);
    capabilities.size = false;
  }
  const entry = await entryOf(asking, path);
  return entry === undefined ? undefined : (entry.sizeBytes ?? "unknown");
}

/** The entry a reply to MLST tells (RFC 3659 §7.2), by the name the server gives it. */
export function entryIn(reply: Reply | undefined): RemoteEntry | undefined {
  if (!reply || isRefusal(reply)) return undefined;
  const line = reply.lines.slice(1, -1).find((text) => text.includes("="));
  return line === undefined ? undefined : parseMachineLine(line.trimStart());
}

/**
 * What stands at `path`: by MLST, else SIZE and CWD, else the parent's listing. Undefined when it is certain that
 * nothing does.
 * @throws SiteError when the server did not say for certain
 */
export async function entryOf(asking: Asking, path: string): Promise<RemoteEntry | undefined> {
  const { capabilities } = asking;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (capabilities.mlst) {
    const reply = await ask(asking, `MLST ${path}`, [250]);
    if (!isRefusal(reply)) {
      const entry = entryIn(reply);
      if (entry) return { ...entry, name };
    } else if (reply.code === 550) return undefined;
    else if (!isUnsupported(reply)) throw refused(`look for "${path}"`, reply);
    capabilities.mlst = false;
  }
  if (capabilities.size) {
    const reply = await ask(asking, `SIZE ${path}`, [213]);
    const sizeBytes = isRefusal(reply) ? undefined : parseSize(reply.text);
    if (sizeBytes !== undefined) return { name, type: "file", sizeBytes };
    if (isUnsupported(reply)) capabilities.size = false;
    // A busy server has not said that nothing is there.
    else if (isRefusal(reply) && reply.code < 500) throw refused(`look for "${path}"`, reply);
  }
  if (path.startsWith("/")) {
    // All paths are absolute, so the current folder may change.
    const reply = await ask(asking, `CWD ${path}`, [200, 250]);
    if (!isRefusal(reply)) return { name, type: "folder" };
    if (reply.code !== 550) throw refused(`look for "${path}"`, reply);
    if (capabilities.size) return undefined;
  }
  const slash = path.lastIndexOf("/");
  const { entries, complete } = await list(asking, slash <= 0 ? "/" : path.slice(0, slash));
  const entry = entries.find((each) => each.name === name);
  if (entry || complete) return entry;
  throw new SiteError(`Cannot look for "${path}": the server's listing is not complete`, {
    kind: "permanent",
    reason: "refused",
  });
}

/** A folder's entries by MLSD, else LIST. @throws SiteError; a folder that is not there is `missing`. */
export async function list(asking: Asking, folder: string): Promise<Listing> {
  const { session, capabilities, timeoutMs } = asking;
  if (capabilities.mlsd) {
    const { reply, text } = await retrieve(session, capabilities, `MLSD ${folder}`, timeoutMs);
    if (!isRefusal(reply)) return listing(parseMachineListing(text), reply);
    if (!isUnsupported(reply)) throw notListed(folder, reply);
    capabilities.mlsd = false;
  }
  // LIST takes options on many servers and a folder that does not exist is an empty listing on some: look first.
  if (folder.startsWith("/")) {
    const reply = await ask(asking, `CWD ${folder}`, [200, 250]);
    if (isRefusal(reply)) throw notListed(folder, reply);
    const here = await retrieve(session, capabilities, "LIST -a", timeoutMs);
    if (isRefusal(here.reply)) throw notListed(folder, here.reply);
    return listing(parseHumanListing(here.text), here.reply);
  }
  const { reply, text } = await retrieve(session, capabilities, `LIST ${folder}`, timeoutMs);
  if (isRefusal(reply)) throw notListed(folder, reply);
  return listing(parseHumanListing(text), reply);
}

function listing({ entries, isUnderstood }: ParsedListing, reply: Reply): Listing {
  return { entries, complete: isUnderstood && isComplete(reply) };
}

/** Pure-FTPd cuts a listing at 10,000 entries and says so in its 226. */
function isComplete(reply: Reply): boolean {
  return !reply.lines.some((line) => /truncat|too many|incomplete|partial/i.test(line));
}

function notListed(folder: string, reply: Reply): SiteError {
  const error = refused(`list the remote folder "${folder}"`, reply);
  if (reply.code !== 550) return error;
  return new SiteError(error.message, { kind: "permanent", reason: "missing", code: 550 });
}

/** The mtime of a file by MDTM (RFC 3659 §3), UTC; undefined when the server does not tell. */
export async function timesOf(asking: Asking, paths: readonly string[]): Promise<Array<number | undefined>> {
  if (!asking.capabilities.mdtm) return paths.map(() => undefined);
  const commands: Command[] = paths.map((path) => ({ text: `MDTM ${path}`, expects: [213] }));
  const replies = await asking.session.pipeline.exchange(commands);
  return replies.map((reply) => (isRefusal(reply) ? undefined : parseFtpTime(reply.text.slice(4))));
}
