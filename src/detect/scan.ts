import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import { takeEntries, unreadable } from "./entries.ts";
import { createSeenFiles, type RecordedFiles, type SeenFiles } from "./file-table.ts";
import { lookInto } from "./quick-look.ts";
import type { Scope } from "./scope.ts";
import type { FileEntry, RelPath, Snapshot } from "./tree.ts";

/** From so many files on it pays to look the quick way. */
const QUICK_FROM_FILES = 200;
/** The longest that a walk keeps the event loop waiting. */
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

/** What stands in one folder itself beside its files, by its path. */
export interface Listing {
  /** Which folder it was, by device and number; undefined for one that may stand behind a link. */
  place: string | undefined;
  folders: RelPath[];
  skipped: RelPath[];
}

/** A snapshot that can be brought up to date folder by folder. */
export interface Scanned extends Snapshot {
  files: SeenFiles;
  /** By the path of the folder, FOLDER itself included. */
  listings: Map<RelPath, Listing>;
}

/** A folder still to be read, and which one it was when it was seen. */
export interface Pending {
  path: RelPath;
  place: string | undefined;
  /** The device it is on. */
  device: number | undefined;
}

/**
 * The state of FOLDER, by names and stat only: no file is opened.
 * What cannot be read becomes a Problem; the walk goes on beside it.
 * @param recorded what the site is known to hold: where that is the same, the snapshot needs no memory of its own
 * @throws FolderError when FOLDER itself cannot be read
 */
export async function scan(folder: string, options: ScanOptions, recorded?: RecordedFiles): Promise<Scanned> {
  const scanned: Scanned = {
    files: createSeenFiles(),
    folders: new Set(),
    problems: [],
    mounts: new Set(),
    skipped: new Map(),
    listings: new Map(),
  };
  await scanBelow(folder, [rootOf(folder, options)], options, scanned, recorded);
  return scanned;
}

function rootOf(folder: string, { follow }: ScanOptions): Pending {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return { path: "", place: stat && !follow ? placeIn(stat) : undefined, device: stat?.dev };
}

/** Walks through the `pending` folders and all below them. */
export async function scanBelow(
  folder: string,
  pending: Pending[],
  options: ScanOptions,
  scanned: Scanned,
  recorded: RecordedFiles | undefined,
): Promise<void> {
  const breathe = createSlices();
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const below of scanFolder(folder, at, options, scanned, recorded)) pending.push(below);
    const turn = breathe();
    if (turn) await turn;
  }
}

/** Called again and again in a long walk, it gives the event loop a turn when one is due: transfers go on meanwhile. */
export function createSlices(): () => Promise<void> | undefined {
  let sliceStart = performance.now();
  return () => {
    if (performance.now() - sliceStart <= SLICE_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        sliceStart = performance.now();
        resolve();
      });
    });
  };
}

/** Takes the entries of one folder itself. @returns the folders among them */
export function scanFolder(
  folder: string,
  folderAt: Pending,
  options: ScanOptions,
  scanned: Scanned,
  recorded: RecordedFiles | undefined,
): Pending[] {
  const at = folderAt.path;
  const here = join(folder, at);
  const listing: Listing = { place: folderAt.place, folders: [], skipped: [] };
  scanned.listings.set(at, listing);
  let listed: string[];
  try {
    listed = readdirSync(here);
  } catch (error) {
    if (at === "") throw new FolderError(`Cannot read the folder "${folder}": ${wordsOf(error)}`, { cause: error });
    scanned.problems.push(unreadable(at, "read the folder", error));
    return [];
  }
  if (at !== "" && folderAt.place !== undefined && placeOf(here) !== folderAt.place) {
    // What was read may be the inside of another folder, by way of a link.
    scanned.problems.push({ path: at, reason: "vanished", detail: `"${at}" was replaced while it was read` });
    return [];
  }
  const { place } = folderAt;
  const isMany = scanned.files.size + listed.length > QUICK_FROM_FILES;
  const look = isMany && place !== undefined ? lookInto(here, (stat) => placeIn(stat) === place) : undefined;
  try {
    return takeEntries(listed, { folder, folderAt, listing, look, options, scanned, recorded });
  } finally {
    look?.close();
  }
}

/** Which folder it is, whatever its name. */
export const placeIn = ({ dev, ino }: Stats) => `${dev}:${ino}`;

/** The identity of a folder that is no link; undefined for anything else. */
function placeOf(folder: string): string | undefined {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() ? placeIn(stat) : undefined;
}

export function fileEntry(stat: Stats): FileEntry {
  return { mtimeMs: stat.mtimeMs, sizeBytes: stat.size };
}

/** The identity of the device FOLDER stands on: another one means that a disk is not mounted. */
export function deviceOf(folder: string): string {
  try {
    return String(statSync(folder).dev);
  } catch (error) {
    throw new FolderError(`Cannot read the folder "${folder}": ${wordsOf(error)}`, { cause: error });
  }
}
