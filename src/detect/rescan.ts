import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { type RecordedFiles, recordedTable } from "./file-table.ts";
import type { Manifest } from "./manifest.ts";
import { sharedOf } from "./packed.ts";
import { createSlices, type Pending, placeIn, type Scanned, type ScanOptions, scanBelow, scanFolder } from "./scan.ts";
import { compareText, parentOf, type RelPath, upwards } from "./tree.ts";

/**
 * Brings a snapshot up to date by reading what was named and nothing else: the folder that a named path stands in, and
 * a named folder with all below it; a folder that is new, or another one than before, is read with all below it too.
 * @returns every path where something may be different now; undefined when only a whole scan can tell, and `scanned` is
 * of no use any more
 * @throws FolderError when FOLDER itself cannot be read
 */
export async function rescan(
  folder: string,
  options: ScanOptions,
  scanned: Scanned,
  named: ReadonlySet<RelPath>,
  recorded?: RecordedFiles,
): Promise<Set<RelPath> | undefined> {
  const touched = new Set<RelPath>();
  const read = new Set<RelPath>();
  const whole = new Set<RelPath>();
  const dirty = new Set<RelPath>();
  for (const nameHere of named) {
    const path = options.nameForSite(nameHere);
    if (path === "") return undefined;
    dirty.add(parentOf(path));
    whole.add(path);
  }
  const breathe = createSlices();
  const strange: RelPath[] = [];
  // A folder comes before what stands in it.
  for (const path of [...dirty].sort(compareText)) {
    if (!(await readAgain(path))) return undefined;
    const turn = breathe();
    if (turn) await turn;
  }
  return strange.some(isThere) ? undefined : touched;

  /** @returns false when it cannot be told what is different */
  async function readAgain(path: RelPath): Promise<boolean> {
    if (read.has(path)) return true;
    const listing = scanned.listings.get(path);
    if (!listing) {
      if (!isBelowSkipped(path)) strange.push(path);
      return true;
    }
    const stat = folderAt(path);
    if (!stat || placeIn(stat) !== listing.place) {
      // Another folder, or none, and nobody said so: what it stands in knows.
      const parent = parentOf(path);
      whole.add(path);
      return path !== "" && !read.has(parent) && readAgain(parent);
    }
    read.add(path);
    touchAll(path);
    scanned.files.dropFolder(path);
    for (const each of listing.folders) scanned.folders.delete(each);
    for (const each of listing.skipped) scanned.skipped.delete(each);
    const below = scanFolder(folder, { path, place: listing.place, device: stat.dev }, options, scanned, recorded);
    touchAll(path);
    await readBelow(below, new Set(listing.folders));
    // What the site holds below a folder that was left alone until now is in no snapshot.
    return !listing.skipped.some((each) => scanned.folders.has(each));
  }

  /** Of the folders that were found, those that are not the ones that stood there are read with all below them. */
  async function readBelow(found: readonly Pending[], known: Set<RelPath>): Promise<void> {
    const fresh: Pending[] = [];
    for (const at of found) {
      const isKnown = known.delete(at.path);
      if (isKnown && scanned.listings.get(at.path)?.place === at.place && !whole.has(at.path)) continue;
      forgetBelow(at.path);
      fresh.push(at);
    }
    for (const gone of known) forgetBelow(gone);
    const paths = fresh.map(({ path }) => path);
    await scanBelow(folder, fresh, options, scanned, recorded);
    for (const path of paths) noteBelow(path);
  }

  function forgetBelow(path: RelPath): void {
    const listing = scanned.listings.get(path);
    if (!listing) return;
    touchAll(path);
    scanned.listings.delete(path);
    scanned.files.dropFolder(path);
    for (const each of listing.skipped) scanned.skipped.delete(each);
    for (const each of listing.folders) {
      scanned.folders.delete(each);
      forgetBelow(each);
    }
  }

  function noteBelow(path: RelPath): void {
    read.add(path);
    touchAll(path);
    for (const each of scanned.listings.get(path)?.folders ?? []) noteBelow(each);
  }

  function touchAll(path: RelPath): void {
    const { folders = [], skipped = [] } = scanned.listings.get(path) ?? {};
    for (const [each] of scanned.files.entriesIn(path)) touched.add(each);
    for (const each of folders) touched.add(each);
    for (const each of skipped) touched.add(each);
  }

  function isBelowSkipped(path: RelPath): boolean {
    for (const above of upwards(path)) if (scanned.skipped.has(above)) return true;
    return false;
  }

  /** A folder that events speak of and no scan has seen: one that moved away, or one that goes by another spelling. */
  function isThere(path: RelPath): boolean {
    if (scanned.listings.has(path) || isBelowSkipped(path)) return false;
    return folderAt(path) !== undefined;
  }

  function folderAt(path: RelPath): Stats | undefined {
    try {
      const stat = lstatSync(join(folder, path));
      return stat.isDirectory() ? stat : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * Lets a snapshot that is to be kept have in common with the manifest what is the same in both: for 100,000 files that
 * is nearly all the memory that they need while nothing happens.
 */
export function shareFiles(scanned: Scanned, manifest: Manifest): void {
  const recorded = recordedTable(manifest.files);
  if (!recorded) return;
  recorded.pack();
  scanned.files.pack();
  for (const folder of scanned.files.folders()) {
    const seen = scanned.files.packedAt(folder);
    if (seen) scanned.files.putFolder(folder, sharedOf(seen, recorded.packedAt(folder)));
  }
}
