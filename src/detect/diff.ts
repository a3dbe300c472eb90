import { entriesNotShared } from "./file-table.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";
import { pairRenames } from "./renames.ts";
import type { Scope } from "./scope.ts";
import { type FileEntry, type RelPath, type Snapshot, upwards } from "./tree.ts";

/** What is different here from what the site is known to hold. */
export type Change =
  | { kind: "file-added"; path: RelPath; entry: FileEntry }
  | { kind: "file-modified"; path: RelPath; entry: FileEntry }
  /** Same content, another mtime. */
  | { kind: "file-touched"; path: RelPath; entry: FileEntry; sha1: string }
  /** Same content and mtime, which is no longer racy: nothing to do but to note it. */
  | { kind: "file-settled"; path: RelPath; entry: ManifestEntry }
  | { kind: "file-renamed"; path: RelPath; from: RelPath; entry: FileEntry; sha1: string; was: ManifestEntry }
  /** Another content under a name that differs in letter case or composition only: never two files on the server. */
  | { kind: "file-recased"; path: RelPath; from: RelPath; entry: FileEntry; was: ManifestEntry }
  | { kind: "file-removed"; path: RelPath }
  | { kind: "folder-added"; path: RelPath }
  | { kind: "folder-renamed"; path: RelPath; from: RelPath }
  | { kind: "folder-removed"; path: RelPath };

/** SHA-1s of local files, by path. */
export type Hashes = ReadonlyMap<RelPath, string>;

/** Paths that are gone here, and known for certain to be: in scope, and nothing above them was unreadable or skipped. */
export interface Vanished {
  files: RelPath[];
  folders: RelPath[];
}

/**
 * Paths at which names and stat alone show a difference or leave a doubt, and with `checksum` every file: all other
 * paths are equal. One walk through both, so that the rest need not go through them again.
 */
export function findSuspects(manifest: Manifest, snapshot: Snapshot, options: { checksum: boolean }): Set<RelPath> {
  const suspects = new Set<RelPath>();
  for (const [path, now] of options.checksum ? snapshot.files : entriesNotShared(snapshot.files, manifest.files)) {
    const was = manifest.files.get(path);
    const isEqual =
      was !== undefined && was.sizeBytes === now.sizeBytes && was.mtimeMs === now.mtimeMs && was.racy === undefined;
    if (!isEqual || options.checksum) suspects.add(path);
  }
  for (const path of snapshot.folders) if (!manifest.folders.has(path)) suspects.add(path);
  for (const [path] of entriesNotShared(manifest.files, snapshot.files)) {
    if (!snapshot.files.has(path)) suspects.add(path);
  }
  for (const path of manifest.folders) if (!snapshot.folders.has(path)) suspects.add(path);
  return suspects;
}

/** @param among the only paths that can be different, where that is known; in each of these functions */
export function findVanished(
  manifest: Manifest,
  snapshot: Snapshot,
  scope: Scope,
  among?: ReadonlySet<RelPath>,
): Vanished {
  const problems = new Set(snapshot.problems.map((problem) => problem.path));
  const isShielded = (path: RelPath) => {
    if (problems.size === 0 && snapshot.skipped.size === 0) return false;
    for (const above of upwards(path)) if (problems.has(above) || snapshot.skipped.has(above)) return true;
    return false;
  };
  const isGone = (path: RelPath, isFolder: boolean) => scope.isInside(path, isFolder) && !isShielded(path);
  const files: RelPath[] = [];
  for (const path of among ?? manifest.files.keys()) {
    if (manifest.files.has(path) && !snapshot.files.has(path) && isGone(path, false)) files.push(path);
  }
  const folders: RelPath[] = [];
  for (const path of among ?? manifest.folders) {
    if (manifest.folders.has(path) && !snapshot.folders.has(path) && isGone(path, true)) folders.push(path);
  }
  return { files, folders };
}

/**
 * The files whose content has to be read before `diff` can tell: same size and another mtime, a racy mtime, or a new
 * file of the size of a vanished one (a rename?). A file of another size needs none: it is hashed as it is sent.
 */
export function findUnhashed(
  manifest: Manifest,
  snapshot: Snapshot,
  vanished: Vanished,
  options: { checksum: boolean; among?: ReadonlySet<RelPath> },
): RelPath[] {
  const vanishedSizes = new Set<number>();
  for (const path of vanished.files) vanishedSizes.add(manifest.files.get(path)?.sizeBytes ?? -1);
  const unhashed: RelPath[] = [];
  for (const path of options.among ?? snapshot.files.keys()) {
    const now = snapshot.files.get(path);
    const was = manifest.files.get(path);
    if (now === undefined) continue;
    if (was === undefined) {
      if (vanishedSizes.has(now.sizeBytes)) unhashed.push(path);
    } else if (was.sizeBytes === now.sizeBytes) {
      if (was.mtimeMs !== now.mtimeMs || was.racy || options.checksum) unhashed.push(path);
    }
  }
  return unhashed;
}

/**
 * Compares what the site is known to hold with what is here.
 * @param hashes must hold every path of `findUnhashed`
 * @param isRacy whether the mtime of a hashed file is still too near to its reading
 * @param unrenamable old paths that the server refused to rename: they become uploads and deletions
 */
export function diff(
  manifest: Manifest,
  snapshot: Snapshot,
  vanished: Vanished,
  hashes: Hashes,
  options: { isRacy: (path: RelPath) => boolean; unrenamable?: ReadonlySet<RelPath>; among?: ReadonlySet<RelPath> },
): Change[] {
  const changes: Change[] = [];
  const added: RelPath[] = [];
  for (const path of options.among ?? snapshot.files.keys()) {
    const entry = snapshot.files.get(path);
    const was = manifest.files.get(path);
    if (entry === undefined) continue;
    if (was === undefined) added.push(path);
    else {
      const change = compare(path, was, entry, hashes.get(path), options.isRacy);
      if (change) changes.push(change);
    }
  }
  const addedFolders: RelPath[] = [];
  for (const path of options.among ?? snapshot.folders) {
    if (snapshot.folders.has(path) && !manifest.folders.has(path)) addedFolders.push(path);
  }

  const renames = pairRenames({
    manifest,
    snapshot,
    vanished,
    added,
    addedFolders,
    hashes,
    unrenamable: options.unrenamable ?? new Set(),
  });
  changes.push(...renames.changes);
  for (const path of addedFolders) if (!renames.taken.has(path)) changes.push({ kind: "folder-added", path });
  for (const path of added) {
    const entry = snapshot.files.get(path);
    if (entry && !renames.taken.has(path)) changes.push({ kind: "file-added", path, entry });
  }
  for (const path of vanished.files) if (!renames.gone.has(path)) changes.push({ kind: "file-removed", path });
  for (const path of vanished.folders) if (!renames.gone.has(path)) changes.push({ kind: "folder-removed", path });
  return changes;
}

function compare(
  path: RelPath,
  was: ManifestEntry,
  now: FileEntry,
  sha1: string | undefined,
  isRacy: (path: RelPath) => boolean,
): Change | undefined {
  if (was.sizeBytes !== now.sizeBytes) return { kind: "file-modified", path, entry: now };
  const isSameTime = was.mtimeMs === now.mtimeMs;
  if (sha1 === undefined) return isSameTime ? undefined : { kind: "file-modified", path, entry: now };
  if (sha1 !== was.sha1) return { kind: "file-modified", path, entry: now };
  if (!isSameTime) return { kind: "file-touched", path, entry: now, sha1 };
  if (!was.racy || isRacy(path)) return undefined;
  const { racy: _, ...entry } = was;
  return { kind: "file-settled", path, entry };
}
