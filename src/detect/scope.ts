import type { Reason } from "../report/reasons.ts";
import { IGNORE_FILE, TEMPORARY_PREFIX } from "./ignore.ts";
import { levelOf, type RelPath } from "./tree.ts";

/** What of FOLDER is mirrored: the rest is left alone, here and on the site. */
export interface Scope {
  /** Why a path is out of scope; undefined when it is in. A folder out of scope takes all below it along. */
  outside(path: RelPath, isFolder: boolean): Reason | undefined;
  /** The same, looking at the folders above as well: for paths that no walk has led to. */
  isInside(path: RelPath, isFolder: boolean): boolean;
}

/**
 * @param depth levels of sub-folders: 0 takes the files of FOLDER itself only
 * @param isExcluded the user's rules; must answer for the folders above a path too
 * @param own paths of miroir's own files and folders inside FOLDER
 */
export function createScope(
  depth: number,
  isExcluded: (path: RelPath, isFolder: boolean) => boolean,
  own: Pick<ReadonlySet<RelPath>, "has">,
): Scope {
  function isOwn(path: RelPath): boolean {
    return path === IGNORE_FILE || path.startsWith(TEMPORARY_PREFIX, path.lastIndexOf("/") + 1) || own.has(path);
  }
  function isTooDeep(path: RelPath, isFolder: boolean): boolean {
    // A folder in FOLDER is level 1 itself, its files are at level 1 too.
    return levelOf(path) + (isFolder ? 1 : 0) > depth;
  }
  return {
    outside(path, isFolder) {
      if (isOwn(path)) return "own";
      if (isExcluded(path, isFolder)) return "excluded";
      return isTooDeep(path, isFolder) ? "too-deep" : undefined;
    },
    isInside(path, isFolder) {
      if (isTooDeep(path, isFolder) || isExcluded(path, isFolder)) return false;
      for (let end = path.indexOf("/"); ; end = path.indexOf("/", end + 1)) {
        if (isOwn(end < 0 ? path : path.slice(0, end))) return false;
        if (end < 0) return true;
      }
    },
  };
}

/** Why a name must not be sent: it would be another command, or other bytes than the disk's. */
export function isUnsafeName(name: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(name) || !name.isWellFormed();
}
