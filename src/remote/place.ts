import type { RelPath } from "../detect/tree.ts";
import { askPort, dialData } from "./data.ts";
import { isRefusal, type Reply } from "./pipeline.ts";
import { type Asking, ask, entryOf, refused } from "./query.ts";
import { SiteError, type Uploaded, type UploadJob } from "./site.ts";
import { store } from "./store.ts";
import { discard, temporaryName, type UploadTools } from "./temporary.ts";
import { startTransfer } from "./transfer.ts";

/**
 * Renames the finished temporary file onto its name. Where the server does not rename over a file, the old one is set
 * aside first.
 * @throws SiteError; the temporary file is deleted when the refusal is certain
 */
export async function moveIntoPlace(
  asking: Asking,
  job: UploadJob,
  temporary: RelPath,
  uploaded: Uploaded,
  tools: UploadTools,
): Promise<void> {
  aboutToRename(job, temporary, uploaded);
  const from = tools.pathOf(temporary);
  const to = tools.pathOf(job.path);
  if (asking.capabilities.renameOverwrites) {
    const reply = await rename(asking, from, to);
    if (!isRefusal(reply)) return;
    await judgeRefusal(asking, job, reply, temporary, tools);
  }
  await replaceBySettingAside(asking, job, temporary, uploaded, tools);
}

/** From here on the file may stand under its name without an answer that says so: journal and job know what it is. */
export function aboutToRename(job: UploadJob, temporary: RelPath, uploaded: Uploaded, aside?: RelPath): void {
  const { id, sizeBytes, mtimeMs, sha1, dated } = uploaded;
  const names = { id, temporary, ...(aside !== undefined && { aside }) };
  job.intend({ ...names, begun: { sizeBytes, mtimeMs }, sha1, ...(dated && { dated: true as const }) });
  job.unsettled = { ...names, renaming: uploaded };
}

/** Replies that say that the command or the space is the trouble, never the file that is there. */
const NOT_ABOUT_THE_TARGET = [500, 501, 502, 504, 530, 552];

/**
 * Why a rename was refused: returns when the server takes no rename over any file, throws when it is about this one.
 * That is tried out with two temporary files, so that nothing of the site is at risk.
 */
async function judgeRefusal(
  asking: Asking,
  job: UploadJob,
  reply: Reply & { refusedFrom: boolean },
  temporary: RelPath,
  tools: UploadTools,
): Promise<void> {
  const about = await entryOf(asking, tools.pathOf(job.path)).catch((error) => {
    // A name that may not even be asked for is refused for itself.
    if (error instanceof SiteError && error.kind === "permanent") return undefined;
    throw error;
  });
  let error =
    about?.type === "folder" ? blocked(job.path, reply.code) : refused(`rename a file onto "${job.path}"`, reply);
  const isPerhapsGeneral =
    about?.type === "file" && !reply.refusedFrom && reply.code >= 500 && !NOT_ABOUT_THE_TARGET.includes(reply.code);
  if (isPerhapsGeneral) {
    if (!(await overwrites(asking, job, temporary, tools))) {
      asking.capabilities.renameOverwrites = false;
      tools.degrade(
        `The server does not rename over an existing file ("${reply.text}"): replaced files are set aside first, and are absent for a moment`,
      );
      return;
    }
    // The content went onto the specimen: it is sent again at the next try.
    error = refused(`rename a file onto "${job.path}"`, reply);
  }
  await discard(asking, job, tools, error);
  throw error;
}

/** Whether the server renames over a file: over an empty one of our own. */
async function overwrites(asking: Asking, job: UploadJob, temporary: RelPath, tools: UploadTools): Promise<boolean> {
  const id = tools.nonce();
  const specimen = temporaryName(job.path, id);
  job.intend({ id, temporary: specimen });
  const empty = { sizeBytes: 0, read: () => 0 };
  const { timeoutMs } = asking;
  const options = { timeoutMs, isEarly: false, admit: tools.admit, onChunk() {} };
  const data = dialData(asking.session, await askPort(asking.session, asking.capabilities));
  const transfer = startTransfer(asking.session, `STOR ${tools.pathOf(specimen)}`);
  const stored = await store(asking.session, data, transfer, empty, options);
  const reply = isRefusal(stored.reply)
    ? undefined
    : await rename(asking, tools.pathOf(temporary), tools.pathOf(specimen));
  const deleted = await ask(asking, `DELE ${tools.pathOf(specimen)}`, [200, 250]);
  // One that could not be deleted keeps its intent: the next connection tries again.
  if (!isRefusal(deleted)) job.settled(id);
  // Nothing was shown when the specimen could not be made: the server counts as one that overwrites.
  return reply === undefined || !isRefusal(reply) || reply.refusedFrom;
}

function blocked(path: RelPath, code?: number): SiteError {
  return new SiteError(
    `Cannot put the file "${path}" in place: a folder of that name, which miroir does not know, is on the server. Move it away there`,
    { kind: "permanent", reason: "blocked", code },
  );
}

/** The reply that decided: of RNFR when that was refused, else of RNTO. Only a refused RNTO says anything of the target. */
export async function rename(asking: Asking, from: string, to: string): Promise<Reply & { refusedFrom: boolean }> {
  const found = await ask(asking, `RNFR ${from}`, [350]);
  if (isRefusal(found)) return { ...found, refusedFrom: true };
  return { ...(await ask(asking, `RNTO ${to}`, [200, 226, 250])), refusedFrom: false };
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
  aboutToRename(job, temporary, uploaded, aside);
  const to = tools.pathOf(job.path);
  // A server that lets no temporary file be renamed must not cost the old one: this is asked before it is touched.
  const found = await ask(asking, `RNFR ${tools.pathOf(temporary)}`, [350]);
  if (isRefusal(found)) {
    const error = refused(`rename a file onto "${job.path}"`, found);
    await discard(asking, job, tools, error);
    throw error;
  }
  if ((await entryOf(asking, to))?.type === "folder") {
    const error = blocked(job.path);
    await discard(asking, job, tools, error);
    throw error;
  }
  const setAside = await rename(asking, to, tools.pathOf(aside));
  // Servers have been seen to carry out what they refuse.
  const isAside = !isRefusal(setAside) || (await entryOf(asking, tools.pathOf(aside))) !== undefined;
  const reply = await rename(asking, tools.pathOf(temporary), to);
  if (isRefusal(reply)) {
    if (isAside) await rename(asking, tools.pathOf(aside), to);
    const error = refused(`rename a file onto "${job.path}"`, reply);
    await discard(asking, job, tools, error);
    throw error;
  }
  if (!isAside) return;
  const deleted = await ask(asking, `DELE ${tools.pathOf(aside)}`, [200, 250]);
  // The intent ends with the upload: what is left of it gets one of its own.
  if (isRefusal(deleted)) job.intend({ id: tools.nonce(), temporary: aside });
}

/**
 * Gives a file that replaces another the permissions the other had: a script stays executable. Only where listings
 * tell permissions, and before the rename, so that no visitor meets the file without them.
 */
export async function keepMode(asking: Asking, from: string, to: string): Promise<void> {
  if (!asking.capabilities.mlst) return;
  const old = (await entryOf(asking, to))?.mode;
  if (old !== undefined) await changeMode(asking, from, old, (await entryOf(asking, from))?.mode);
}

export async function changeMode(asking: Asking, path: string, old: number | undefined, now: number | undefined) {
  if (old === undefined || old === now) return;
  await ask(asking, `SITE CHMOD ${(old & 0o777).toString(8).padStart(3, "0")} ${path}`, [200, 250]);
}
