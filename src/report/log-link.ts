import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** A symbolic link in the place of the log that somebody else may have put there. */
export class PlantedLinkError extends Error {
  override readonly name = "PlantedLinkError";
}

/** More links behind one another are a loop. */
const MOST_LINKS = 40;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * What `file` is in the end, by links that nobody but this account, or root, can have made: their own, in folders that
 * nobody else may write to. What is returned is no such link at that moment, and has to be opened without following
 * one. Throws PlantedLinkError, and the system's error.
 */
export function behindOwnLinks(file: string): string {
  let at = resolve(file);
  for (let count = 0; count < MOST_LINKS; count++) {
    const entry = isOfSystem(at) ? undefined : lstatSync(at, { throwIfNoEntry: false });
    if (!entry?.isSymbolicLink()) return at;
    const folder = realpathSync(dirname(at));
    const { uid, mode } = statSync(folder);
    if (!isTrusted(entry.uid)) throw new PlantedLinkError("it is a symbolic link of another account");
    if (!isTrusted(uid) || (mode & WRITABLE_BY_OTHERS) !== 0) {
      throw new PlantedLinkError(`it is a symbolic link, and other accounts can write to its folder "${folder}"`);
    }
    at = resolve(folder, readlinkSync(at));
  }
  throw new PlantedLinkError("it is a symbolic link that leads in a circle");
}

/** This account, or root. Where there are no such numbers (Windows) nobody is. */
function isTrusted(uid: number): boolean {
  const own = process.geteuid?.();
  return own !== undefined && (uid === own || uid === 0);
}

/** `/dev/stdout` and `/dev/fd/3` are links, and only the system makes links there. */
export function isOfSystem(file: string): boolean {
  try {
    return /^\/dev$|^\/dev\/fd$|^\/proc\/\d+\/fd$/.test(realpathSync(dirname(file)));
  } catch {
    return false;
  }
}
