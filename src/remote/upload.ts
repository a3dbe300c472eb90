import { createHash, type Hash } from "node:crypto";
import { parentOf, type RelPath } from "../detect/tree.ts";
import { isRefusal } from "./pipeline.ts";
import { keepMode, moveIntoPlace } from "./place.ts";
import { type Asking, ask, refused, sizeOf } from "./query.ts";
import { settle } from "./recovery.ts";
import { type Content, SiteError, type Unsettled, type Uploaded, type UploadJob } from "./site.ts";
import { setTime } from "./time.ts";
import { store } from "./transfer.ts";

const SMALLEST_CHUNK_BYTES = 16 * 1024;
const LARGEST_CHUNK_BYTES = 256 * 1024;
/** A file this large is worth resuming; a smaller one is sent again sooner than it is asked for. */
const RESUMABLE_BYTES = 4 * 1024 * 1024;

export interface UploadTools {
  /** The server's path of a mirror path. */
  pathOf(path: RelPath): string;
  /** Unpredictable and never used before: names temporary files. */
  nonce(): string;
  now(): number;
  /** Says once per kind that the server lacks something. */
  degrade(lack: string): void;
  /** Waits until so many more bytes may be sent. */
  admit(bytes: number): Promise<void>;
  inPlace: boolean;
}

/** Fixed form and short, whatever the name it stands for: names may be 255 bytes long already. */
export function temporaryName(path: RelPath, nonce: string): RelPath {
  const folder = parentOf(path);
  return folder === "" ? `.miroir-${nonce}` : `${folder}/.miroir-${nonce}`;
}

/**
 * One attempt at putting a file in place: bytes to a temporary name, size asked, mtime set, renamed onto the name.
 * What an interrupted attempt leaves is noted in `job.unsettled`, and resumed or settled at the start of the next.
 * @throws SiteError
 */
export async function upload(asking: Asking, job: UploadJob, tools: UploadTools): Promise<Uploaded> {
  const content = await job.open();
  try {
    let offsetBytes = 0;
    if (job.unsettled) {
      offsetBytes = await resumableBytes(asking, job.unsettled, content, tools);
      if (offsetBytes === 0) {
        const uploaded = await settle(asking, job.path, job.unsettled, tools);
        delete job.unsettled;
        if (uploaded) return uploaded;
      }
    }
    const { id, temporary } = offsetBytes > 0 && job.unsettled ? job.unsettled : begin(job, content, tools);
    const target = tools.pathOf(temporary);
    const readAtMs = tools.now();
    let sent: { sizeBytes: number; sha1: string };
    try {
      sent = await send(asking, job, content, target, offsetBytes, tools);
    } catch (error) {
      await discard(asking, job, tools, error);
      throw error;
    }
    const dated = await setTime(asking, target, content.mtimeMs, tools);
    const uploaded: Uploaded = { id, ...sent, mtimeMs: content.mtimeMs, dated, readAtMs };
    if (!tools.inPlace) {
      if (job.replaces) await keepMode(asking, target, tools.pathOf(job.path));
      await moveIntoPlace(asking, job, temporary, uploaded, tools);
    }
    delete job.unsettled;
    return uploaded;
  } finally {
    await content.close();
  }
}

/** Names the temporary file, in the journal first. */
function begin(
  job: UploadJob,
  { sizeBytes, mtimeMs }: Content,
  tools: UploadTools,
): { id: string; temporary: RelPath } {
  const id = tools.nonce();
  if (tools.inPlace) return { id, temporary: job.path };
  const temporary = temporaryName(job.path, id);
  const begun = sizeBytes >= RESUMABLE_BYTES ? { begun: { sizeBytes, mtimeMs } } : {};
  job.intend({ id, temporary, ...begun });
  job.unsettled = { id, temporary, ...begun };
  return { id, temporary };
}

/** How much of an interrupted upload can be kept: what the server holds of the same, unchanged file; 0 for nothing. */
async function resumableBytes(
  asking: Asking,
  unsettled: Unsettled,
  content: Content,
  tools: UploadTools,
): Promise<number> {
  const { begun, renaming, temporary } = unsettled;
  if (!begun || renaming || begun.sizeBytes !== content.sizeBytes || begun.mtimeMs !== content.mtimeMs) return 0;
  const held = await sizeOf(asking, tools.pathOf(temporary));
  return typeof held === "number" && held <= content.sizeBytes ? held : 0;
}

/** Reads what the server holds already: its bytes belong to the SHA-1 all the same. */
async function skip(content: Content, hash: Hash, offsetBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(LARGEST_CHUNK_BYTES);
  for (let left = offsetBytes; left > 0; ) {
    const length = await content.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (length === 0) return;
    hash.update(buffer.subarray(0, length));
    left -= length;
  }
}

/** STOR, or APPE after what is there, then the size as the server has it: "all bytes sent" proves nothing. */
async function send(
  asking: Asking,
  job: UploadJob,
  content: Content,
  target: string,
  offsetBytes: number,
  tools: UploadTools,
): Promise<{ sizeBytes: number; sha1: string }> {
  const hash = createHash("sha1");
  await skip(content, hash, offsetBytes);
  let sentBytes = offsetBytes;
  const command = offsetBytes > 0 ? "APPE" : "STOR";
  const stored = await store(asking.session, asking.capabilities, `${command} ${target}`, content, {
    timeoutMs: asking.timeoutMs,
    chunkBytes: Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, content.sizeBytes + 1)),
    admit: tools.admit,
    onChunk(chunk) {
      hash.update(chunk);
      sentBytes += chunk.length;
      job.onProgress?.(sentBytes);
    },
  });
  if (stored.readError) {
    throw new SiteError(`Cannot read "${job.path}" to its end: ${stored.readError.message}`, {
      kind: "permanent",
      reason: "unreadable",
      cause: stored.readError,
    });
  }
  if (isRefusal(stored.reply)) throw refused(`store "${job.path}"`, stored.reply);
  if (!stored.whole) {
    throw new SiteError(
      `The transfer of "${job.path}" broke off: ${stored.broken?.message ?? "the server ended it early"}`,
      {
        kind: "transient",
        reason: stored.broken instanceof SiteError ? stored.broken.reason : "connection",
        code: stored.reply.code,
        cause: stored.broken,
      },
    );
  }
  if (sentBytes !== content.sizeBytes || !(await content.isUnchanged())) {
    throw new SiteError(`"${job.path}" changed while it was sent: it is sent again`, {
      kind: "transient",
      reason: "changed",
    });
  }
  const arrived = await sizeOf(asking, target);
  if (arrived === sentBytes || (arrived === "unknown" && stored.whole)) {
    return { sizeBytes: sentBytes, sha1: hash.digest("hex") };
  }
  throw new SiteError(
    `Cannot store "${job.path}": ${sentBytes} bytes were sent, the server holds ${arrived === undefined ? "nothing" : `${arrived} bytes`}`,
    { kind: "transient", reason: "size" },
  );
}

/** A large file whose transfer broke off while the session lived: what arrived is kept. */
function isWorthResuming(error: SiteError, { begun }: Unsettled): boolean {
  return begun !== undefined && error.reason === "connection";
}

/** Deletes the temporary file of an attempt that ended with a certain failure; the failure is what is reported. */
export async function discard(asking: Asking, job: UploadJob, tools: UploadTools, error: unknown): Promise<void> {
  const { unsettled } = job;
  if (asking.session.pipeline.ended || !unsettled) return;
  if (error instanceof SiteError && (error.kind === "unknown" || isWorthResuming(error, unsettled))) return;
  try {
    const reply = await ask(asking, `DELE ${tools.pathOf(unsettled.temporary)}`, [200, 250]);
    if (isRefusal(reply) && reply.code !== 550) return;
  } catch {
    // The session ended over it: the next attempt settles it.
    return;
  }
  if (unsettled.aside !== undefined) return;
  delete job.unsettled;
  job.settled(unsettled.id);
}
