import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import type { RecordedFiles } from "./file-table.ts";
import { createColumns } from "./packed.ts";
import type { QuickLook } from "./quick-look.ts";
import { type Listing, type Pending, placeIn, type Scanned, type ScanOptions } from "./scan.ts";
import { isUnsafeName } from "./scope.ts";
import { compareText, type Problem, type RelPath, type Skip } from "./tree.ts";

const UNSAFE_NAME = "a name that cannot be sent safely. Rename it";
const NOT_UTF8 = "a name that is no valid UTF-8 cannot be sent safely. Rename it";
const DANGLING = "a symbolic link, and what it points to does not exist";

/** A folder whose names have been read. */
export interface Listed {
  folder: string;
  folderAt: Pending;
  listing: Listing;
  look: QuickLook | undefined;
  options: ScanOptions;
  scanned: Scanned;
  recorded: RecordedFiles | undefined;
}

/** Takes what is listed of a folder into `scanned` and its `listing`. @returns the folders among it */
export function takeEntries(listed: string[], context: Listed): Pending[] {
  const { folder, folderAt, listing, look, options, scanned, recorded } = context;
  const { follow, nameForSite } = options;
  const at = folderAt.path;
  const here = join(folder, at);
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
  let taken: string | undefined;
  /** @returns whether it is a part of the snapshot */
  const isTaken = (name: string, isFolder: boolean): boolean => {
    const reason = name === taken ? "collision" : outside(name, isFolder);
    if (reason === "collision") skip(name, isFolder, reason);
    else if (reason) skip(name, isFolder, reason, { told: reason === "too-deep" && isFolder });
    else if (isUnsafeName(name)) skip(name, isFolder, "unsafe-name", { detail: UNSAFE_NAME });
    else return true;
    return false;
  };
  const names = sortedForSite(listed, nameForSite);
  for (let index = 0; index < names.length; index++) {
    const [name = "", nameHere = ""] = [names[index], listed[index]];
    if (look?.isFile(nameHere)) {
      if (isTaken(name, false)) {
        taken = name;
        files.add(name, look.mtimeMs, look.sizeBytes);
      }
      continue;
    }
    const place = prefix + nameHere;
    let stat = statOf(place, false);
    const isLink = !(stat instanceof Error) && stat.isSymbolicLink();
    if (follow && isLink) stat = statOf(place, true);
    if (stat instanceof Error) {
      if (nameHere.includes("\ufffd")) skip(name, false, "unsafe-name", { detail: NOT_UTF8 });
      else scanned.problems.push(unreadable(pathOf(name), "look at", stat));
      continue;
    }
    const isFolder = stat.isDirectory();
    if (name !== taken && follow && isLink && isFolder && isLoop(folder, here, place)) {
      skip(name, isFolder, "link", { detail: "it leads back to a folder above it" });
      continue;
    }
    if (!isTaken(name, isFolder)) continue;
    if (stat.isSymbolicLink()) skip(name, false, "link", follow ? { detail: DANGLING } : {});
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

/** Whether a link leads to a folder that it stands in: a walk into it would never end. */
function isLoop(folder: string, here: string, link: string): boolean {
  const target = realpathSync(link);
  for (let above = here; ; above = dirname(above)) {
    if (realpathSync(above) === target) return true;
    if (above === folder || above === dirname(above)) return false;
  }
}

export function unreadable(path: RelPath, action: string, error: unknown): Problem {
  const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
  return {
    path,
    reason: isGone ? "vanished" : "unreadable",
    detail: `Cannot ${action} "${path}": ${wordsOf(error)}`,
  };
}
