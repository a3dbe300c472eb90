import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import { createSeenFiles, type RecordedFiles, type SeenFiles } from "./file-table.ts";
import { createColumns } from "./packed.ts";
import { isUnsafeName, type Scope } from "./scope.ts";
import { compareText, type FileEntry, type Problem, type RelPath, type Skip, type Snapshot } from "./tree.ts";

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
  const { follow, nameForSite } = options;
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
  const below: Pending[] = [];
  const files = createColumns(listed.length);
  const outside = options.scope.inFolder(at);
  const prefix = here.endsWith(sep) ? here : here + sep;
  const pathOf = (name: string): RelPath => (at === "" ? name : `${at}/${name}`);
  const skip = (name: string, isFolder: boolean, reason: Skip["reason"], more: Partial<Skip> = {}) => {
    const path = pathOf(name);
    listing.skipped.push(path);
    scanned.skipped.set(path, { path, isFolder, reason, told: true, ...more });
  };
  const names = sortedForSite(listed, nameForSite);
  let taken: string | undefined;
  for (const [index, name] of names.entries()) {
    const nameHere = listed[index] ?? "";
    const place = prefix + nameHere;
    let stat = statOf(place, false);
    const isLink = !(stat instanceof Error) && stat.isSymbolicLink();
    if (follow && isLink) stat = statOf(place, true);
    if (stat instanceof Error) {
      if (nameHere.includes("\ufffd")) skip(name, false, "unsafe-name");
      else scanned.problems.push(unreadable(pathOf(name), "look at", stat));
      continue;
    }
    const isFolder = stat.isDirectory();
    if (name === taken) {
      skip(name, isFolder, "collision");
      continue;
    }
    if (follow && isLink && isFolder && isLoop(folder, here, place)) {
      skip(name, isFolder, "link", { detail: "it leads back to a folder above it" });
      continue;
    }
    const reason = outside(name, isFolder);
    if (reason) skip(name, isFolder, reason, { told: reason === "too-deep" && isFolder });
    else if (isUnsafeName(name)) skip(name, isFolder, "unsafe-name");
    else if (stat.isSymbolicLink()) skip(name, false, "link");
    else if (isFolder) {
      taken = name;
      const path = pathOf(name);
      listing.folders.push(path);
      scanned.folders.add(path);
      if (folderAt.device !== undefined && stat.dev !== folderAt.device) scanned.mounts?.add(path);
      below.push({ path, place: follow ? undefined : placeIn(stat), device: stat.dev });
    } else if (stat.isFile()) {
      taken = name;
      files.add(name, stat.mtimeMs, stat.size);
    } else skip(name, false, "special");
  }
  scanned.files.putFolder(at, files.packed(recorded?.packedAt(at)));
  return below;
}

/** Names on the site, in order; `listed` is brought into the same order. */
function sortedForSite(listed: string[], nameForSite: ScanOptions["nameForSite"]): string[] {
  if (listed.every((name) => nameForSite(name) === name)) return listed.sort();
  const named = listed.map((nameHere) => ({ name: nameForSite(nameHere), nameHere }));
  named.sort((a, b) => compareText(a.name, b.name));
  for (const [index, { nameHere }] of named.entries()) listed[index] = nameHere;
  return named.map(({ name }) => name);
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
