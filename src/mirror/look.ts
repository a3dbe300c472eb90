import { join } from "node:path";
import { hashFile, isRacy, ReadError } from "../detect/content.ts";
import { type Change, diff, findSuspects, findUnhashed, findVanished } from "../detect/diff.ts";
import type { Manifest } from "../detect/manifest.ts";
import { type ScanOptions, scan } from "../detect/scan.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";

/** A tree that changes under the walk is walked again, so often. */
const RESCANS = 3;
const RESCAN_AFTER_MS = 50;

/**
 * Scans FOLDER. An entry that vanished between its listing and its stat is looked for again before it is a Problem.
 * @throws FolderError
 */
export async function settledScan(
  folder: string,
  options: ScanOptions,
  sleep: (ms: number) => Promise<void>,
): Promise<Snapshot> {
  for (let tries = 1; ; tries++) {
    const snapshot = await scan(folder, options);
    if (tries === RESCANS || !snapshot.problems.some((problem) => problem.reason === "vanished")) return snapshot;
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
  const among = options.among ?? findSuspects(manifest, snapshot, options);
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
