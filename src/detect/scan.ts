import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import { isUnsafeName, type Scope } from "./scope.ts";
import type { FileEntry, Problem, RelPath, Skip, Snapshot } from "./tree.ts";

/** The walk gives the event loop a turn this often: transfers go on meanwhile. */
const SLICE_MS = 20;

export class FolderError extends Error {
  override readonly name = "FolderError";
}

export interface ScanOptions {
  scope: Scope;
  /** Mirror what symbolic links point to. */
  follow: boolean;
  /** How a name is written on the server: as the disk gives it, but for a disk that decomposes it. */
  nameForSite(name: string): string;
}

/**
 * The state of FOLDER, by names and stat only: no file is opened.
 * What cannot be read becomes a Problem; the walk goes on beside it.
 * @throws FolderError when FOLDER itself cannot be read
 */
export async function scan(folder: string, options: ScanOptions): Promise<Snapshot> {
  const mounts = new Set<RelPath>();
  const snapshot: Snapshot = { files: new Map(), folders: new Set(), problems: [], mounts, skipped: new Map() };
  const pending: Pending[] = [{ path: "", place: undefined, device: statSync(folder, { throwIfNoEntry: false })?.dev }];
  let sliceStart = performance.now();
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    scanFolder(folder, at, options, snapshot, pending);
    if (performance.now() - sliceStart > SLICE_MS) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      sliceStart = performance.now();
    }
  }
  return snapshot;
}

/** A folder still to be read, and which one it was when it was seen. */
interface Pending {
  path: RelPath;
  place: string | undefined;
  /** The device it is on. */
  device: number | undefined;
}

function scanFolder(
  folder: string,
  folderAt: Pending,
  options: ScanOptions,
  snapshot: Snapshot,
  pending: Pending[],
): void {
  const { follow, nameForSite } = options;
  const at = folderAt.path;
  const here = join(folder, at);
  let entries: Dirent[];
  try {
    entries = readdirSync(here, { withFileTypes: true });
  } catch (error) {
    if (at === "") throw new FolderError(`Cannot read the folder "${folder}": ${wordsOf(error)}`, { cause: error });
    snapshot.problems.push(unreadable(at, "read the folder", error));
    return;
  }
  if (folderAt.place !== undefined && placeOf(here) !== folderAt.place) {
    // What was read may be the inside of another folder, by way of a link.
    snapshot.problems.push({ path: at, reason: "vanished", detail: `"${at}" was replaced while it was read` });
    return;
  }
  for (const entry of entries) {
    const name = nameForSite(entry.name);
    const path = at === "" ? name : `${at}/${name}`;
    const stat = statOf(join(here, entry.name), entry, follow);
    if (stat instanceof Error) {
      if (entry.name.includes("\ufffd")) skip(snapshot, { path, isFolder: false, reason: "unsafe-name", told: true });
      else snapshot.problems.push(unreadable(path, "look at", stat));
      continue;
    }
    if (snapshot.files.has(path) || snapshot.folders.has(path)) {
      skip(snapshot, { path, isFolder: stat.isDirectory(), reason: "collision", told: true });
      continue;
    }
    if (follow && entry.isSymbolicLink() && stat.isDirectory() && isLoop(folder, at, join(here, entry.name))) {
      skip(snapshot, {
        path,
        isFolder: true,
        reason: "link",
        told: true,
        detail: "it leads back to a folder above it",
      });
      continue;
    }
    take(path, name, stat, folderAt.device, options, snapshot, pending);
  }
}

function take(
  path: RelPath,
  name: string,
  stat: Stats,
  device: number | undefined,
  { scope, follow }: ScanOptions,
  snapshot: Snapshot,
  pending: Pending[],
): void {
  const isFolder = stat.isDirectory();
  const reason = scope.outside(path, isFolder);
  if (reason) return skip(snapshot, { path, isFolder, reason, told: reason === "too-deep" && isFolder });
  if (isUnsafeName(name)) return skip(snapshot, { path, isFolder, reason: "unsafe-name", told: true });
  if (stat.isSymbolicLink()) return skip(snapshot, { path, isFolder: false, reason: "link", told: true });
  if (isFolder) {
    snapshot.folders.add(path);
    if (device !== undefined && stat.dev !== device) snapshot.mounts?.add(path);
    pending.push({ path, place: follow ? undefined : `${stat.dev}:${stat.ino}`, device: stat.dev });
  } else if (stat.isFile()) {
    snapshot.files.set(path, fileEntry(stat));
  } else {
    skip(snapshot, { path, isFolder: false, reason: "special", told: true });
  }
}

/** What an entry is; with `follow` what its link points to, where that exists. */
function statOf(path: string, entry: Dirent, follow: boolean): Stats | Error {
  try {
    const stat = lstatSync(path);
    return follow && stat.isSymbolicLink() ? (statSync(path, { throwIfNoEntry: false }) ?? stat) : stat;
  } catch (error) {
    // A directory entry says what it was; only a stat says that it still is.
    return error instanceof Error ? error : new Error(`${entry.name}: ${String(error)}`);
  }
}

/** The identity of a folder that is no link; undefined for anything else. */
function placeOf(folder: string): string | undefined {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
}

/** Whether a link leads to a folder that it stands in: a walk into it would never end. */
function isLoop(folder: string, at: RelPath, link: string): boolean {
  const target = realpathSync(link);
  for (let above = join(folder, at); ; above = dirname(above)) {
    if (realpathSync(above) === target) return true;
    if (above === folder || above === dirname(above)) return false;
  }
}

function skip(snapshot: Snapshot, entry: Skip): void {
  snapshot.skipped.set(entry.path, entry);
}

export function fileEntry(stat: Stats): FileEntry {
  return { mtimeMs: stat.mtimeMs, sizeBytes: stat.size };
}

function unreadable(path: RelPath, action: string, error: unknown): Problem {
  const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
  return {
    path,
    reason: isGone ? "vanished" : "unreadable",
    detail: `Cannot ${action} "${path}": ${wordsOf(error)}`,
  };
}

/** The identity of the device FOLDER stands on: another one means that a disk is not mounted. */
export function deviceOf(folder: string): string {
  try {
    return String(statSync(folder).dev);
  } catch (error) {
    throw new FolderError(`Cannot read the folder "${folder}": ${wordsOf(error)}`, { cause: error });
  }
}
