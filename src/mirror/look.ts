import { join } from "node:path";
import { hashFile, isRacy, ReadError } from "../detect/content.ts";
import { type Change, diff, findSuspects, findUnhashed, findVanished } from "../detect/diff.ts";
import { type RecordedFiles, recordedTable } from "../detect/file-table.ts";
import type { Manifest } from "../detect/manifest.ts";
import { rescan } from "../detect/rescan.ts";
import { type Scanned, type ScanOptions, scan } from "../detect/scan.ts";
import { type RelPath, type Snapshot, upwards } from "../detect/tree.ts";

/** A tree that changes under the walk is walked again, so often. */
const RESCANS = 3;
const RESCAN_AFTER_MS = 50;

/** What a look at FOLDER came to. */
export interface Sight {
  snapshot: Scanned;
  scan: ScanOptions;
  /** The only paths that can be different from what the last look saw; undefined when all of it was read anew. */
  touched: ReadonlySet<RelPath> | undefined;
}

/**
 * Looks at FOLDER again and again, and remembers what it saw: of a large tree only what is named is read anew.
 * @param readScan how FOLDER is read, asked for each time; the same value as long as the rules are the same
 * @returns a look. Its arguments: paths that may have changed since the last one; undefined when that can be any; and
 * what the site is known to hold, if anything
 * @throws FolderError
 */
export function createLookout(
  folder: string,
  readScan: () => ScanOptions,
  sleep: (ms: number) => Promise<void>,
): (named: ReadonlySet<RelPath> | undefined, manifest: Manifest | undefined) => Promise<Sight> {
  let last: { scanned: Scanned; scan: ScanOptions } | undefined;

  /** Where a part cannot be proven to tell the whole, the whole is read. */
  function isPartEnough({ problems, mounts }: Scanned, scan: ScanOptions): boolean {
    return problems.length + (mounts?.size ?? 0) === 0 && !scan.follow;
  }

  return async (named, manifest) => {
    const before = last;
    const recorded = manifest && recordedTable(manifest.files);
    // What was named is told once: a look that fails must not leave an old one behind.
    last = undefined;
    const scan = readScan();
    if (named && before?.scan === scan && isPartEnough(before.scanned, scan)) {
      const touched = await rescan(folder, scan, before.scanned, named, recorded);
      if (touched && !hasVanished(before.scanned)) {
        last = before;
        return { snapshot: before.scanned, scan, touched };
      }
    }
    const scanned = await settledScan(folder, scan, sleep, recorded);
    last = { scanned, scan };
    return { snapshot: scanned, scan, touched: undefined };
  };
}

const hasVanished = ({ problems }: Snapshot) => problems.some((problem) => problem.reason === "vanished");

/**
 * Scans FOLDER. An entry that vanished between its listing and its stat is looked for again before it is a Problem.
 * @throws FolderError
 */
export async function settledScan(
  folder: string,
  options: ScanOptions,
  sleep: (ms: number) => Promise<void>,
  recorded?: RecordedFiles,
): Promise<Scanned> {
  for (let tries = 1; ; tries++) {
    const scanned = await scan(folder, options, recorded);
    if (tries === RESCANS || !hasVanished(scanned)) return scanned;
    await sleep(RESCAN_AFTER_MS);
  }
}

/**
 * Hashes what has to be hashed; a file that cannot be read becomes a Problem of `snapshot`.
 * @param options `among`: the only paths that can be different, where that is known
 * @returns the changes, given the old paths that the server refused to rename
 */
export async function look(
  folder: string,
  snapshot: Snapshot,
  manifest: Manifest,
  options: { scan: ScanOptions; checksum: boolean; now: () => number; among?: ReadonlySet<RelPath> },
): Promise<(unrenamable: ReadonlySet<RelPath>) => Change[]> {
  const { scope } = options.scan;
  const among = options.among
    ? withWhatWentAlong(options.among, manifest, snapshot)
    : findSuspects(manifest, snapshot, options);
  const vanished = findVanished(manifest, snapshot, scope, among);
  const hashes = new Map<RelPath, string>();
  const racy = new Set<RelPath>();
  for (const path of findUnhashed(manifest, snapshot, vanished, { ...options, among })) {
    const hashed = await hashInto(folder, path, snapshot, { now: options.now, follow: options.scan.follow });
    if (!hashed) continue;
    hashes.set(path, hashed.sha1);
    if (isRacy(hashed.mtimeMs, hashed.readAtMs)) racy.add(path);
  }
  return (unrenamable) => {
    // A Problem found while hashing may shield what seemed to have vanished.
    const certain = findVanished(manifest, snapshot, scope, among);
    return diff(manifest, snapshot, certain, hashes, { isRacy: (path) => racy.has(path), unrenamable, among });
  };
}

/** A folder that is gone takes along what the site holds below it, seen here before or not. */
function withWhatWentAlong(
  touched: ReadonlySet<RelPath>,
  manifest: Manifest,
  snapshot: Snapshot,
): ReadonlySet<RelPath> {
  const gone = new Set<RelPath>();
  for (const path of touched) if (manifest.folders.has(path) && !snapshot.folders.has(path)) gone.add(path);
  if (gone.size === 0) return touched;
  const all = new Set(touched);
  const isGone = (path: RelPath) => {
    for (const above of upwards(path)) if (gone.has(above)) return true;
    return false;
  };
  for (const path of manifest.files.keys()) if (isGone(path)) all.add(path);
  for (const path of manifest.folders) if (isGone(path)) all.add(path);
  return all;
}

/** Reads one file; the snapshot then says what was read, or that it could not be. */
export async function hashInto(
  folder: string,
  path: RelPath,
  snapshot: Snapshot,
  options: { now: () => number; follow: boolean },
) {
  try {
    const hashed = await hashFile(join(folder, path), path, options.now, options.follow);
    snapshot.files.set(path, { mtimeMs: hashed.mtimeMs, sizeBytes: hashed.sizeBytes });
    return hashed;
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    snapshot.files.delete(path);
    snapshot.problems.push(error.problem);
    return undefined;
  }
}
