import { createHash } from "node:crypto";
import { nameOf, parentOf, type RelPath } from "../detect/tree.ts";
import { formatFtpTime, parseFtpTime } from "./features.ts";
import { isRefusal, type Reply } from "./pipeline.ts";
import { sweepProbe } from "./probe.ts";
import { type Asking, ask, entryOf, refused, sizeOf } from "./query.ts";
import { type Content, SiteError, type Unsettled, type Uploaded, type UploadJob } from "./site.ts";
import { store } from "./transfer.ts";

const SMALLEST_CHUNK_BYTES = 16 * 1024;
const LARGEST_CHUNK_BYTES = 256 * 1024;

export interface UploadTools {
  /** The server's path of a mirror path. */
  pathOf(path: RelPath): string;
  /** Unpredictable and never used before: names temporary files. */
  nonce(): string;
  now(): number;
  /** Says once per kind that the server lacks something. */
  degrade(lack: string): void;
  inPlace: boolean;
}

/** Fixed form and short, whatever the name it stands for: names may be 255 bytes long already. */
export function temporaryName(path: RelPath, nonce: string): RelPath {
  const folder = parentOf(path);
  return folder === "" ? `.miroir-${nonce}` : `${folder}/.miroir-${nonce}`;
}

/**
 * One attempt at putting a file in place: bytes to a temporary name, size asked, mtime set, renamed onto the name.
 * What an interrupted attempt leaves is noted in `job.unsettled`, and settled at the start of the next.
 * @throws SiteError
 */
export async function upload(asking: Asking, job: UploadJob, tools: UploadTools): Promise<Uploaded> {
  if (job.unsettled) {
    const uploaded = await settle(asking, job.path, job.unsettled, tools);
    delete job.unsettled;
    if (uploaded) return uploaded;
  }
  const content = await job.open();
  try {
    const id = tools.nonce();
    const temporary = tools.inPlace ? job.path : temporaryName(job.path, id);
    if (!tools.inPlace) {
      job.intend({ id, temporary });
      job.unsettled = { temporary };
    }
    const readAtMs = tools.now();
    let sent: { sizeBytes: number; sha1: string };
    try {
      sent = await send(asking, job, content, tools.pathOf(temporary));
    } catch (error) {
      await discard(asking, job, tools, error);
      throw error;
    }
    const dated = await setTime(asking, tools.pathOf(temporary), content.mtimeMs, tools);
    const uploaded: Uploaded = { id, ...sent, mtimeMs: content.mtimeMs, dated, readAtMs };
    if (!tools.inPlace) await moveIntoPlace(asking, job, temporary, uploaded, tools);
    delete job.unsettled;
    return uploaded;
  } finally {
    await content.close();
  }
}

/** STOR, then the size as the server has it: "all bytes sent" proves nothing. */
async function send(
  asking: Asking,
  job: UploadJob,
  content: Content,
  target: string,
): Promise<{ sizeBytes: number; sha1: string }> {
  const hash = createHash("sha1");
  let sentBytes = 0;
  const stored = await store(asking.session, asking.capabilities, `STOR ${target}`, content, {
    timeoutMs: asking.timeoutMs,
    chunkBytes: Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, content.sizeBytes + 1)),
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

/** Deletes the temporary file of an attempt that ended with a certain failure; the failure is what is reported. */
async function discard(asking: Asking, job: UploadJob, tools: UploadTools, error: unknown): Promise<void> {
  if (asking.session.pipeline.ended || !job.unsettled || (error instanceof SiteError && error.kind === "unknown"))
    return;
  try {
    await ask(asking, `DELE ${tools.pathOf(job.unsettled.temporary)}`, [200, 250]);
    delete job.unsettled;
  } catch {
    // The session ended over it: the next attempt settles it.
  }
}

/**
 * Sets the remote mtime (UTC, whole seconds) by MFMT (draft-somers-ftp-mfxx-04), or by vsftpd's `MDTM time path`.
 * Resolves with false where the server cannot: its own time then says nothing about the file.
 */
export async function setTime(asking: Asking, path: string, mtimeMs: number, tools: UploadTools): Promise<boolean> {
  const time = formatFtpTime(mtimeMs);
  const { capabilities } = asking;
  while (time !== undefined && capabilities.setTime !== "none") {
    const command = capabilities.setTime;
    const reply = await ask(asking, `${command} ${time} ${path}`, [200, 213, 250, 253]);
    if (!isRefusal(reply)) return true;
    if (reply.code < 500) throw refused(`set the time of "${path}"`, reply);
    if (command === "MFMT" && reply.code !== 550) capabilities.setTime = "MDTM";
    else {
      capabilities.setTime = "none";
      tools.degrade(`The server sets no file times ("${reply.text}"): files on it bear the time of their upload`);
    }
  }
  return false;
}

async function moveIntoPlace(
  asking: Asking,
  job: UploadJob,
  temporary: RelPath,
  uploaded: Uploaded,
  tools: UploadTools,
): Promise<void> {
  job.unsettled = { temporary, renaming: uploaded };
  const from = tools.pathOf(temporary);
  const to = tools.pathOf(job.path);
  if (asking.capabilities.renameOverwrites) {
    const reply = await rename(asking, from, to);
    if (!isRefusal(reply)) return;
    const obstacle = await entryOf(asking, to);
    if (obstacle?.type !== "file" || reply.code < 500) {
      const error =
        obstacle?.type === "folder" ? blocked(job.path, reply) : refused(`rename a file onto "${job.path}"`, reply);
      await discard(asking, job, tools, error);
      throw error;
    }
    asking.capabilities.renameOverwrites = false;
    tools.degrade(
      `The server does not rename over an existing file ("${reply.text}"): replaced files are set aside first, and are absent for a moment`,
    );
  }
  await replaceBySettingAside(asking, job, temporary, uploaded, tools);
}

function blocked(path: RelPath, reply: Reply): SiteError {
  return new SiteError(
    `Cannot put the file "${path}" in place: a folder of that name, which miroir does not know, is on the server. Move it away there`,
    { kind: "permanent", reason: "blocked", code: reply.code },
  );
}

async function rename(asking: Asking, from: string, to: string): Promise<Reply> {
  const reply = await ask(asking, `RNFR ${from}`, [350]);
  return isRefusal(reply) ? reply : ask(asking, `RNTO ${to}`, [200, 226, 250]);
}

/** For servers without renaming over a file: the old aside, the new in, the old deleted; put back when the new fails. */
async function replaceBySettingAside(
  asking: Asking,
  job: UploadJob,
  temporary: RelPath,
  uploaded: Uploaded,
  tools: UploadTools,
): Promise<void> {
  const aside = temporaryName(job.path, tools.nonce());
  job.intend({ id: uploaded.id, temporary, aside });
  job.unsettled = { temporary, renaming: uploaded, aside };
  const to = tools.pathOf(job.path);
  const setAside = await rename(asking, to, tools.pathOf(aside));
  const reply = await rename(asking, tools.pathOf(temporary), to);
  if (isRefusal(reply)) {
    if (!isRefusal(setAside)) await rename(asking, tools.pathOf(aside), to);
    const error = refused(`rename a file onto "${job.path}"`, reply);
    await discard(asking, job, tools, error);
    throw error;
  }
  if (!isRefusal(setAside)) await ask(asking, `DELE ${tools.pathOf(aside)}`, [200, 250]);
}

/**
 * Finds out how an interrupted attempt ended. The temporary name goes first: a slow server may still carry out the
 * rename that was asked for, and then finds nothing to rename.
 * @returns the upload when it is in place after all
 */
async function settle(
  asking: Asking,
  path: RelPath,
  { temporary, renaming, aside }: Unsettled,
  tools: UploadTools,
): Promise<Uploaded | undefined> {
  const deleted = await ask(asking, `DELE ${tools.pathOf(temporary)}`, [200, 250]);
  if (deleted.code >= 400 && deleted.code < 500) throw refused(`delete the temporary file "${temporary}"`, deleted);
  const isInPlace = isRefusal(deleted) && renaming !== undefined && (await holds(asking, tools.pathOf(path), renaming));
  if (aside !== undefined) await restore(asking, path, aside, tools);
  return isInPlace ? renaming : undefined;
}

/** Whether `path` holds exactly what was to be renamed there: same size, and the time that was set on it. */
async function holds(asking: Asking, path: string, uploaded: Uploaded): Promise<boolean> {
  if (!uploaded.dated || (await sizeOf(asking, path)) !== uploaded.sizeBytes) return false;
  const reply = await ask(asking, `MDTM ${path}`, [213]);
  return !isRefusal(reply) && parseFtpTime(reply.text.slice(4)) === Math.floor(uploaded.mtimeMs / 1000) * 1000;
}

/** After a crash between the steps: the old content back on its name unless the new is there. */
async function restore(asking: Asking, path: RelPath, aside: RelPath, tools: UploadTools): Promise<void> {
  if ((await entryOf(asking, tools.pathOf(aside))) === undefined) return;
  if ((await entryOf(asking, tools.pathOf(path))) === undefined) {
    const reply = await rename(asking, tools.pathOf(aside), tools.pathOf(path));
    if (isRefusal(reply)) throw refused(`put "${path}" back from "${nameOf(aside)}"`, reply);
    return;
  }
  const reply = await ask(asking, `DELE ${tools.pathOf(aside)}`, [200, 250]);
  if (isRefusal(reply)) throw refused(`delete the temporary file "${aside}"`, reply);
}

/** Sweeps what an interrupted run left under the names of its intent, and nothing else. */
export async function recover(
  asking: Asking,
  intent: { path: RelPath; temporary: RelPath; aside?: RelPath },
  tools: UploadTools,
): Promise<void> {
  const temporary = tools.pathOf(intent.temporary);
  // Folders try out names; files are what an upload leaves.
  if ((await entryOf(asking, temporary))?.type === "folder") return sweepProbe(asking, temporary);
  await settle(
    asking,
    intent.path,
    { temporary: intent.temporary, ...(intent.aside && { aside: intent.aside }) },
    tools,
  );
}
