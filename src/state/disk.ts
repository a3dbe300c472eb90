import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, wordsOf } from "../report/system-error.ts";
import { makePrivateFolders } from "../windows/security.ts";
import { StateError } from "./errors.ts";
import { thisPlatform } from "./folders.ts";

/** Absent on Windows. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;

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

/**
 * Replaces a file in one step: whoever opens it finds the old content or the new. With `sync` it also survives a power
 * cut from the return on. Throws StateError "disk" and leaves the old file.
 */
export function replaceFile(
  directory: string,
  name: string,
  content: string | Uint8Array | Iterable<string>,
  { sync }: { sync: boolean },
) {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString("hex")}`);
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
    try {
      let position = 0;
      for (const piece of piecesOf(content)) {
        writeAll(fd, piece, position);
        position += piece.length;
      }
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renamePatiently(temporary, join(directory, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError("replace", join(directory, name), error);
  }
  if (sync) syncFolder(directory);
}

function* piecesOf(content: string | Uint8Array | Iterable<string>): Generator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else if (typeof content === "string") yield Buffer.from(content);
  else for (const piece of content) yield Buffer.from(piece);
}

/** Removes what a killed replaceFile() left. Only the holder of the folder's lock may. */
export function sweepReplacements(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/^\..+\.[0-9a-f]{12}$/.test(name)) rmSync(join(directory, name), { force: true });
  }
}

export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

/** On Windows a virus scanner or an indexer that looks at a file makes its renaming fail for an instant. */
export function renamePatiently(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (attempt === 10 || !["EPERM", "EACCES", "EBUSY"].includes(codeOf(error))) throw error;
      Bun.sleepSync(20);
    }
  }
}

export function diskError(action: string, file: string, cause: unknown): StateError {
  const full = ["ENOSPC", "EDQUOT"].includes(codeOf(cause));
  const remedy = full
    ? `Free space in "${dirname(file)}"`
    : "Make it writable, or choose another place with --state-dir";
  return new StateError("disk", `Cannot ${action} "${file}": ${wordsOf(cause)}. ${remedy}`, { cause });
}

export function syncFolder(directory: string): void {
  try {
    const fd = openSync(directory, constants.O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows opens no folder, and some file systems sync none: the rename alone is all that can be had there.
  }
}
