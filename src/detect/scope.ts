import type { Reason } from "../report/reasons.ts";
import { IGNORE_FILE, TEMPORARY_PREFIX } from "./ignore.ts";
import { levelOf, type RelPath } from "./tree.ts";

/** What of FOLDER is mirrored: the rest is left alone, here and on the site. */
export interface Scope {
  /**
   * Why an entry of `folder` is out of scope, by its name; undefined when it is in. A folder out of scope takes all
   * below it along.
   */
  inFolder(folder: RelPath): (name: string, isFolder: boolean) => Reason | undefined;
  /** Whether a path is in, looking at the folders above as well: for paths that no walk has led to. */
  isInside(path: RelPath, isFolder: boolean): boolean;
}

/**
 * @param depth levels of sub-folders: 0 takes the files of FOLDER itself only
 * @param isExcluded the user's rules, if any; must answer for the folders above a path too
 * @param own paths of miroir's own files and folders inside FOLDER, if any
 */
export function createScope(
  depth: number,
  isExcluded: ((path: RelPath, isFolder: boolean) => boolean) | undefined,
  own: Pick<ReadonlySet<RelPath>, "has"> | undefined,
): Scope {
  /** An entry at `level` is in a folder of that level: a folder in FOLDER is level 1 itself, its files are at level 1 too. */
  const isTooDeep = (level: number, isFolder: boolean) => level + (isFolder ? 1 : 0) > depth;

  function isOwn(path: RelPath): boolean {
    const isTemporary = path.startsWith(TEMPORARY_PREFIX, path.lastIndexOf("/") + 1);
    return isTemporary || path === IGNORE_FILE || own?.has(path) === true;
  }

  /** Without a path for each name wherever that can be done: a large tree has many. */
  function inFolder(folder: RelPath) {
    const level = folder === "" ? 0 : levelOf(folder) + 1;
    const prefix = folder === "" ? "" : `${folder}/`;
    const needsPath = folder === "" || own !== undefined;
    return (name: string, isFolder: boolean): Reason | undefined => {
      if (needsPath ? isOwn(prefix + name) : name.startsWith(TEMPORARY_PREFIX)) return "own";
      if (isExcluded?.(prefix + name, isFolder)) return "excluded";
      return isTooDeep(level, isFolder) ? "too-deep" : undefined;
    };
  }

  return {
    inFolder,
    isInside(path, isFolder) {
      if (isTooDeep(levelOf(path), isFolder) || isExcluded?.(path, isFolder)) return false;
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
