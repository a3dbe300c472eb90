import { randomBytes } from "node:crypto";
import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../report/system-error.ts";
import { makePrivateFile } from "../windows/security.ts";
import { thisPlatform } from "./folders.ts";

/** The text or bytes of a file, or its pieces. */
export type Content = string | Uint8Array | Iterable<string>;

export interface HowToWrite {
  mode: number;
  /** Safely on the disk before it counts. */
  sync: boolean;
  /** On Windows, where a mode says nothing of readers: its account's alone. */
  isPrivate?: boolean;
}

/** Absent on Windows. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Replaces a file, or makes it, in one step: whoever opens it finds the old content or the new. With `sync` it also
 * survives a power cut from the return on. Throws the system's error and leaves the old file.
 */
export function replaceWhole(file: string, content: Content, how: HowToWrite): void {
  const directory = dirname(file);
  const temporary = join(directory, `.${basename(file)}.${randomBytes(6).toString("hex")}`);
  writeNew(temporary, content, how);
  try {
    renamePatiently(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (how.sync) syncFolder(directory);
}

/** Makes a file that must not exist. Throws the system's error and leaves nothing of its own. */
export function writeNew(file: string, content: Content, { mode, sync, isPrivate = false }: HowToWrite): void {
  const isMade = isPrivate && thisPlatform() === "win32" && makePrivateFile(file);
  const creation = isMade ? 0 : constants.O_CREAT | constants.O_EXCL;
  const fd = openSync(file, constants.O_WRONLY | creation | NO_FOLLOW, mode);
  try {
    try {
      // The mask of the process has no say where a mode is kept.
      if ((process.umask() & mode) !== 0) fchmodSync(fd, mode);
      let position = 0;
      for (const piece of piecesOf(content)) {
        writeAll(fd, piece, position);
        position += piece.length;
      }
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function* piecesOf(content: Content): Generator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else if (typeof content === "string") yield Buffer.from(content);
  else for (const piece of content) yield Buffer.from(piece);
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
