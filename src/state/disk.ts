import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, wordsOf } from "../report/system-error.ts";
import { makePrivateFolders } from "../windows/security.ts";
import { StateError } from "./errors.ts";
import { thisPlatform } from "./folders.ts";
import { type Content, replaceWhole } from "./replacement.ts";

/** Absent on Windows. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;

/** What to do about a file of the state that this account may not write. */
export const WRITABLE_REMEDY = "Make it writable, or choose another place with --state-dir";

/** Makes a folder, and those above it, for their owner alone. @returns the first that was made. Throws the system's error. */
export function makeFolders(directory: string): string | undefined {
  // Where Windows makes none, it is made with what its folder hands down, or the error is told.
  const first = thisPlatform() === "win32" ? makePrivateFolders(directory) : undefined;
  const rest = mkdirSync(directory, { recursive: true, mode: 0o700 });
  return first ?? rest;
}

/** Creates a folder that only its owner can enter. Throws StateError "unusable". */
export function makePrivateFolder(directory: string): void {
  try {
    makeFolders(directory);
    if (lstatSync(directory).isSymbolicLink()) throw Object.assign(new Error(), { code: "ELOOP" });
  } catch (error) {
    throw new StateError(
      "unusable",
      `Cannot use the state folder "${directory}": ${wordsOf(error)}. Choose another place with --state-dir`,
      { cause: error },
    );
  }
}

/**
 * Opens a file of the state; one that is created is its owner's alone. What stands there and is a link, a pipe or a
 * device was put there by somebody else, and is neither followed nor waited for. Throws the system's error.
 */
export function openOwnFile(file: string, flags: number): number {
  const fd = openSync(file, flags | NO_FOLLOW | NON_BLOCKING, 0o600);
  const isLink = NO_FOLLOW === 0 && lstatSync(file).isSymbolicLink();
  if (fstatSync(fd).isFile() && !isLink) return fd;
  closeSync(fd);
  throw new Error("it is no regular file");
}

/** Throws the system's error. */
export function readOwnFile(file: string): Buffer {
  const fd = openOwnFile(file, constants.O_RDONLY);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same by the piece. Throws the system's error, in each of its functions. */
export function openPieces(file: string): { next(into: Uint8Array): number; close(): void } {
  const fd = openOwnFile(file, constants.O_RDONLY);
  return {
    next: (into) => readSync(fd, into, 0, into.length, null),
    close: () => closeSync(fd),
  };
}

/** Replaces a file of the state; see replaceWhole(). Throws StateError "disk" and leaves the old file. */
export function replaceFile(directory: string, name: string, content: Content, { sync }: { sync: boolean }): void {
  const file = join(directory, name);
  try {
    replaceWhole(file, content, { mode: 0o600, sync });
  } catch (error) {
    throw diskError("replace", file, error);
  }
}

/** Removes what a killed replaceFile() left. Only the holder of the folder's lock may. */
export function sweepReplacements(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/^\..+\.[0-9a-f]{12}$/.test(name)) rmSync(join(directory, name), { force: true });
  }
}

export function diskError(action: string, file: string, cause: unknown): StateError {
  return new StateError("disk", `Cannot ${action} "${file}": ${wordsOf(cause)}. ${remedyOf(file, cause)}`, { cause });
}

function remedyOf(file: string, cause: unknown): string {
  const folder = dirname(file);
  if (["ENOSPC", "EDQUOT"].includes(codeOf(cause))) return `Free space in "${folder}"`;
  if (codeOf(cause) === "ENOENT" && !existsSync(folder))
    return "Its folder was removed meanwhile: start miroir again, and it looks at what the server holds";
  return WRITABLE_REMEDY;
}
