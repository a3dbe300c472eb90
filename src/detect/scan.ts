import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import { isUnsafeName, type Scope } from "./scope.ts";
import type { FileEntry, Problem, RelPath, Skip, Snapshot } from "./tree.ts";

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

/** What stands in one folder itself, by its path. */
export interface Listing {
  /** Which folder it was, by device and number; undefined for one that may stand behind a link. */
  place: string | undefined;
  files: RelPath[];
  folders: RelPath[];
  skipped: RelPath[];
}

/** A snapshot that can be brought up to date folder by folder. */
export interface Scanned extends Snapshot {
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
 * @throws FolderError when FOLDER itself cannot be read
 */
export async function scan(folder: string, options: ScanOptions): Promise<Scanned> {
  const mounts = new Set<RelPath>();
  const empty = { files: new Map(), folders: new Set<RelPath>(), problems: [], mounts, skipped: new Map() };
  const scanned: Scanned = { ...empty, listings: new Map() };
  await scanBelow(folder, [rootOf(folder, options)], options, scanned);
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
): Promise<void> {
  const breathe = createSlices();
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    pending.push(...scanFolder(folder, at, options, scanned));
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
export function scanFolder(folder: string, folderAt: Pending, options: ScanOptions, scanned: Scanned): Pending[] {
  const { follow, nameForSite } = options;
  const at = folderAt.path;
  const here = join(folder, at);
  const listing: Listing = { place: folderAt.place, files: [], folders: [], skipped: [] };
  scanned.listings.set(at, listing);
  let names: string[];
  try {
    names = readdirSync(here);
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
  const below: Pending[] = [];
  const skip = (path: RelPath, isFolder: boolean, reason: Skip["reason"], more: Partial<Skip> = {}) => {
    listing.skipped.push(path);
    scanned.skipped.set(path, { path, isFolder, reason, told: true, ...more });
  };
  const prefix = here.endsWith(sep) ? here : here + sep;
  for (const nameHere of names) {
    const name = nameForSite(nameHere);
    const path = at === "" ? name : `${at}/${name}`;
    const place = prefix + nameHere;
    let stat = statOf(place, false);
    const isLink = !(stat instanceof Error) && stat.isSymbolicLink();
    if (follow && isLink) stat = statOf(place, true);
    if (stat instanceof Error) {
      if (nameHere.includes("\ufffd")) skip(path, false, "unsafe-name");
      else scanned.problems.push(unreadable(path, "look at", stat));
      continue;
    }
    const isFolder = stat.isDirectory();
    if (scanned.files.has(path) || scanned.folders.has(path)) {
      skip(path, isFolder, "collision");
      continue;
    }
    if (follow && isLink && isFolder && isLoop(folder, here, place)) {
      skip(path, isFolder, "link", { detail: "it leads back to a folder above it" });
      continue;
    }
    const reason = options.scope.outside(path, isFolder);
    if (reason) skip(path, isFolder, reason, { told: reason === "too-deep" && isFolder });
    else if (isUnsafeName(name)) skip(path, isFolder, "unsafe-name");
    else if (stat.isSymbolicLink()) skip(path, false, "link");
    else if (isFolder) {
      listing.folders.push(path);
      scanned.folders.add(path);
      if (folderAt.device !== undefined && stat.dev !== folderAt.device) scanned.mounts?.add(path);
      below.push({ path, place: follow ? undefined : placeIn(stat), device: stat.dev });
    } else if (stat.isFile()) {
      listing.files.push(path);
      scanned.files.set(path, fileEntry(stat));
    } else skip(path, false, "special");
  }
  return below;
}

/** What an entry is, or what its link points to where that exists: a listing says what was, only a stat what still is. */
function statOf(path: string, follow: boolean): Stats | Error {
  try {
    return (follow ? statSync(path, { throwIfNoEntry: false }) : undefined) ?? lstatSync(path);
  } catch (error) {
    return error instanceof Error ? error : new Error(`${path}: ${String(error)}`);
  }
}

/** Which folder it is, whatever its name. */
export const placeIn = ({ dev, ino }: Stats) => `${dev}:${ino}`;

/** The identity of a folder that is no link; undefined for anything else. */
function placeOf(folder: string): string | undefined {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() ? placeIn(stat) : undefined;
}

/** Whether a link leads to a folder that it stands in: a walk into it would never end. */
function isLoop(folder: string, here: string, link: string): boolean {
  const target = realpathSync(link);
  for (let above = here; ; above = dirname(above)) {
    if (realpathSync(above) === target) return true;
    if (above === folder || above === dirname(above)) return false;
  }
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
