import { parentOf, type RelPath } from "../detect/tree.ts";
import { isRefusal } from "./pipeline.ts";
import { type Asking, ask, entryOf } from "./query.ts";
import { type Begun, type Content, isResumable, SiteError, type Unsettled, type UploadJob } from "./site.ts";

/** What an upload works with, beside its session. */
export interface UploadTools {
  /** The server's path of a mirror path. */
  pathOf(path: RelPath): string;
  /** Unpredictable and never used before: names temporary files. */
  nonce(): string;
  now(): number;
  /** Says once per kind that the server lacks something. */
  degrade(lack: string): void;
  /** Waits until so many more bytes may be sent; undefined when they may at once. */
  admit(bytes: number): Promise<void> | undefined;
  inPlace: boolean;
  /** What a refused upload really means. */
  explain(asking: Asking, path: RelPath, error: Error): Promise<Error>;
}

/** Fixed form and short, whatever the name it stands for: names may be 255 bytes long already. */
export function temporaryName(path: RelPath, nonce: string): RelPath {
  const folder = parentOf(path);
  return folder === "" ? `.miroir-${nonce}` : `${folder}/.miroir-${nonce}`;
}

/** Names the temporary file, in the journal first. */
export function begin(
  job: UploadJob,
  { sizeBytes, mtimeMs }: Content,
  tools: UploadTools,
): { id: string; temporary: RelPath } {
  const id = tools.nonce();
  if (tools.inPlace) {
    job.overwriting();
    return { id, temporary: job.path };
  }
  const temporary = temporaryName(job.path, id);
  const begun: Begun = { sizeBytes, mtimeMs, ...(isRacyBeginning(mtimeMs, tools.now()) && { racy: true }) };
  job.intend({ id, temporary, begun });
  job.unsettled = { id, temporary, begun };
  return { id, temporary };
}

/** Disks that keep whole seconds may keep only every other one (FAT); the others tick within milliseconds. */
function isRacyBeginning(mtimeMs: number, nowMs: number): boolean {
  const grainMs = mtimeMs % 1000 === 0 ? 2000 : 20;
  return Math.abs(nowMs - mtimeMs) < grainMs;
}

/** A large file whose transfer broke off while the session lived: what arrived is kept. */
function isWorthResuming(error: SiteError, { begun }: Unsettled): boolean {
  return isResumable(begun) && error.reason === "connection";
}

/** Deletes the temporary file of an attempt that ended with a certain failure; the failure is what is reported. */
export async function discard(asking: Asking, job: UploadJob, tools: UploadTools, error: unknown): Promise<void> {
  const { unsettled } = job;
  if (asking.session.pipeline.ended || !unsettled) return;
  if (error instanceof SiteError && (error.kind === "unknown" || isWorthResuming(error, unsettled))) return;
  try {
    const temporary = tools.pathOf(unsettled.temporary);
    const reply = await ask(asking, `DELE ${temporary}`, [200, 250]);
    if (isRefusal(reply) && (await entryOf(asking, temporary)) !== undefined) return;
  } catch {
    // The session ended over it: the next attempt settles it.
    return;
  }
  if (unsettled.aside !== undefined) return;
  delete job.unsettled;
  job.settled(unsettled.id);
}
