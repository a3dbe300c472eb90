import type { Manifest } from "../detect/manifest.ts";
import { deviceOf } from "../detect/scan.ts";
import { parentOf, type Snapshot } from "../detect/tree.ts";
import type { Status } from "../state/status.ts";

/**
 * Why a deletion seen in FOLDER is not believed: all of it is gone at once, or it is another disk.
 * @param deletesForeign what was never mirrored would go as well: then an empty FOLDER need not have held anything
 */
export function distrustOf(
  folder: string,
  snapshot: Snapshot,
  manifest: Manifest,
  status: Status,
  deletesForeign = false,
): "empty" | "device" | undefined {
  const isEmpty = snapshot.files.size + snapshot.folders.size + snapshot.problems.length === 0;
  if (isEmpty && (deletesForeign || manifest.files.size + manifest.folders.size > 0)) return "empty";
  return status.device !== undefined && status.device !== deviceOf(folder) ? "device" : undefined;
}

/** A folder that a disk was mounted on and that is suddenly empty was not emptied: its disk is gone. */
export function checkMounts(snapshot: Snapshot, status: Status): void {
  const mounts = new Set(snapshot.mounts);
  for (const path of status.mounts ?? []) {
    const entries = [...snapshot.files.keys(), ...snapshot.folders];
    const isEmptied =
      snapshot.folders.has(path) && !mounts.has(path) && !entries.some((each) => parentOf(each) === path);
    if (!isEmptied) continue;
    mounts.add(path);
    const detail = `"${path}" is empty, and the disk that was mounted there is not: nothing of it is deleted`;
    snapshot.problems.push({ path, reason: "unreadable", detail });
  }
  if (mounts.size > 0) status.mounts = [...mounts];
  else delete status.mounts;
}
