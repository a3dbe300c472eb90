import { nameOf, type RelPath } from "../detect/tree.ts";
import { parseFtpTime } from "./features.ts";
import { isRefusal } from "./pipeline.ts";
import { rename } from "./place.ts";
import { sweepProbe } from "./probe.ts";
import { type Asking, ask, entryOf, refused, sizeOf } from "./query.ts";
import type { Unsettled, Uploaded } from "./site.ts";
import type { UploadTools } from "./temporary.ts";

/**
 * Finds out how an interrupted attempt ended. The temporary name goes first: a slow server may still carry out the
 * rename that was asked for, and then finds nothing to rename.
 * @returns the upload when it is in place after all, and whether it is certain that nothing came of it and nothing is left
 */
export async function settle(
  asking: Asking,
  path: RelPath,
  unsettled: Unsettled,
  tools: UploadTools,
): Promise<{ uploaded: Uploaded | undefined; isSettled: boolean }> {
  const { temporary, renaming, aside } = unsettled;
  // A deletion that was asked for before may be what made it absent: then that says nothing of the rename.
  const mayBeDeleted = unsettled.sweeping === true;
  unsettled.sweeping = true;
  const was = await sweep(asking, tools.pathOf(temporary));
  const mayBeRenamed = renaming !== undefined && was === "absent";
  const isInPlace = mayBeRenamed && !mayBeDeleted && (await holds(asking, tools.pathOf(path), renaming));
  const isAsideGone = aside === undefined || (await restore(asking, path, aside, tools));
  return {
    uploaded: isInPlace ? renaming : undefined,
    // Without certainty the intent stays, and the next connection asks what stands under the name.
    isSettled: was !== "left" && isAsideGone && !mayBeRenamed,
  };
}

/** Deletes a temporary file. A refusal alone does not say that there is none. */
async function sweep(asking: Asking, temporary: string): Promise<"deleted" | "absent" | "left"> {
  const reply = await ask(asking, `DELE ${temporary}`, [200, 250]);
  if (!isRefusal(reply)) return "deleted";
  return (await entryOf(asking, temporary)) === undefined ? "absent" : "left";
}

/** Whether `path` holds exactly what was to be renamed there: same size, and the time that was set on it. */
async function holds(asking: Asking, path: string, uploaded: Uploaded): Promise<boolean> {
  if (!uploaded.dated || (await sizeOf(asking, path)) !== uploaded.sizeBytes) return false;
  const reply = await ask(asking, `MDTM ${path}`, [213]);
  return !isRefusal(reply) && parseFtpTime(reply.text.slice(4)) === Math.floor(uploaded.mtimeMs / 1000) * 1000;
}

/**
 * After a crash between the steps: the old content back on its name unless the new is there.
 * @returns whether nothing is left under the other name
 */
async function restore(asking: Asking, path: RelPath, aside: RelPath, tools: UploadTools): Promise<boolean> {
  if ((await entryOf(asking, tools.pathOf(aside))) === undefined) return true;
  if ((await entryOf(asking, tools.pathOf(path))) === undefined) {
    const reply = await rename(asking, tools.pathOf(aside), tools.pathOf(path));
    if (isRefusal(reply)) throw refused(`put "${path}" back from "${nameOf(aside)}"`, reply);
    return true;
  }
  return (await sweep(asking, tools.pathOf(aside))) !== "left";
}

/**
 * Sweeps what an interrupted run left under the names of its intent, and nothing else.
 * @returns false when the server does not let go of it: a temporary file too many is no reason to mirror nothing
 */
export async function recover(
  asking: Asking,
  intent: { id: string; path: RelPath; temporary: RelPath; aside?: RelPath },
  tools: UploadTools,
): Promise<boolean> {
  const temporary = tools.pathOf(intent.temporary);
  // Folders try out names; files are what an upload leaves.
  if ((await entryOf(asking, temporary))?.type === "folder") await sweepProbe(asking, temporary);
  else await settle(asking, intent.path, intent, tools);
  const names = [intent.temporary, ...(intent.aside === undefined ? [] : [intent.aside])];
  for (const name of names) if ((await entryOf(asking, tools.pathOf(name))) !== undefined) return false;
  return true;
}
