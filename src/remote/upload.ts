import { parentOf, type RelPath } from "../detect/tree.ts";
import type { Capabilities } from "./features.ts";
import { isRefusal } from "./pipeline.ts";
import { keepMode, moveIntoPlace } from "./place.ts";
import { type Asking, ask, sizeOf } from "./query.ts";
import { settle } from "./recovery.ts";
import { checkArrived, type Opening, type Sent, send } from "./send.ts";
import type { Session } from "./session.ts";
import { type Content, RESUMABLE_BYTES, SiteError, type Unsettled, type Uploaded, type UploadJob } from "./site.ts";
import { setTime } from "./time.ts";
import { openData } from "./transfer.ts";

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
  /** What a refused upload really means. */
  explain(asking: Asking, path: RelPath, error: Error): Promise<Error>;
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
    const { session, capabilities, timeoutMs } = asking;
    let sent: Sent;
    try {
      const options = { offsetBytes, timeoutMs, admit: tools.admit };
      sent = await send(session, () => openedData(session, capabilities), job, content, target, options);
      checkArrived(job, sent, await sizeOf(asking, target));
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

export async function openedData(session: Session, capabilities: Capabilities): Promise<Opening> {
  const data = await openData(session, capabilities);
  return { data: Promise.resolve(data) };
}

/** Names the temporary file, in the journal first. */
export function begin(
  job: UploadJob,
  { sizeBytes, mtimeMs }: Content,
  tools: UploadTools,
): { id: string; temporary: RelPath } {
  const id = tools.nonce();
  if (tools.inPlace) return { id, temporary: job.path };
  const temporary = temporaryName(job.path, id);
  const begun = { sizeBytes, mtimeMs };
  job.intend({ id, temporary, begun });
  job.unsettled = { id, temporary, begun };
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
  if (
    !begun ||
    renaming ||
    begun.sizeBytes < RESUMABLE_BYTES ||
    begun.sizeBytes !== content.sizeBytes ||
    begun.mtimeMs !== content.mtimeMs
  )
    return 0;
  const held = await sizeOf(asking, tools.pathOf(temporary));
  return typeof held === "number" && held <= content.sizeBytes ? held : 0;
}

/** A large file whose transfer broke off while the session lived: what arrived is kept. */
function isWorthResuming(error: SiteError, { begun }: Unsettled): boolean {
  return begun !== undefined && begun.sizeBytes >= RESUMABLE_BYTES && error.reason === "connection";
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
