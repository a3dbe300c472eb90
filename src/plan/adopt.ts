import { isSameTime, type RelPath, type Snapshot } from "../detect/tree.ts";

export interface RemoteFile {
  /** Undefined where the listing does not tell. */
  sizeBytes: number | undefined;
  /** UTC, from MLSD or MDTM. */
  mtimeMs: number | undefined;
}

/** What listings of the site showed. */
export interface RemoteTree {
  files: Map<RelPath, RemoteFile>;
  folders: Set<RelPath>;
  /** Folders whose listing was cut short: what is not in it may be there all the same. */
  incomplete: Set<RelPath>;
}

export type AdoptMode = "size+mtime" | "size" | "none";

export interface Adoption {
  /** Files that are on the site already. */
  files: RelPath[];
  folders: RelPath[];
  /** Files of the same size whose time the server has to be asked for first. */
  undecided: RelPath[];
  /** Files of the same size and another time: sent again, unless `--adopt size`. */
  otherTime: RelPath[];
}

/** Which entries of FOLDER the site already holds, by size and time. */
export function adopt(snapshot: Snapshot, remote: RemoteTree, mode: AdoptMode): Adoption {
  const adoption: Adoption = { files: [], folders: [], undecided: [], otherTime: [] };
  for (const path of snapshot.folders) if (remote.folders.has(path)) adoption.folders.push(path);
  if (mode === "none") return adoption;
  for (const [path, here] of snapshot.files) {
    const there = remote.files.get(path);
    if (!there || there.sizeBytes !== here.sizeBytes) continue;
    if (mode === "size") adoption.files.push(path);
    else if (there.mtimeMs === undefined) adoption.undecided.push(path);
    else if (isSameTime(there.mtimeMs, here.mtimeMs)) adoption.files.push(path);
    else adoption.otherTime.push(path);
  }
  return adoption;
}
