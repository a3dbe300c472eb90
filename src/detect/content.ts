import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  read,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { wordsOf } from "../report/system-error.ts";
import { foldedName, type Problem, type RelPath } from "./tree.ts";

const HASH_CHUNK_BYTES = 256 * 1024;
const SMALL_BYTES = 64 * 1024;
/** Two edits within this time can bear the same mtime: FAT counts in steps of two seconds. */
const RACY_MS = 2000;

export class ReadError extends Error {
  override readonly name = "ReadError";
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, { cause });
    this.problem = problem;
  }
}

/** An open local file, read from start to end. */
export interface OpenFile {
  sizeBytes: number;
  mtimeMs: number;
  /** Reads the next bytes into `buffer`; 0 at the end. */
  read(buffer: Uint8Array): number | Promise<number>;
  /** Still the file that was opened, under its name, with the same size and times. */
  isUnchanged(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens a regular file, without following a link that took its place unless links are followed, and without waiting for a pipe's other end.
 * @throws ReadError
 */
export function openFile(absolutePath: string, path: RelPath, follow = false): OpenFile {
  const look = follow ? statSync : lstatSync;
  let descriptor: number;
  let opened: Stats;
  try {
    // Windows has neither flag; a link there is told by lstat below.
    descriptor = openSync(
      absolutePath,
      constants.O_RDONLY | (follow ? 0 : (constants.O_NOFOLLOW ?? 0)) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ReadError(
      { path, reason: isGone ? "vanished" : "unreadable", detail: `Cannot open "${path}": ${wordsOf(error)}` },
      error,
    );
  }
  try {
    opened = fstatSync(descriptor);
    if (!opened.isFile()) {
      throw new ReadError({ path, reason: "changed", detail: `Cannot read "${path}": it is no longer a file` });
    }
    if (!(follow ? isSame(opened, look(absolutePath)) : isAtPlace(descriptor, opened, absolutePath))) {
      throw new ReadError({
        path,
        reason: "changed",
        detail: `Cannot read "${path}": it was replaced while it was opened`,
      });
    }
  } catch (error) {
    closeSync(descriptor);
    if (error instanceof ReadError) throw error;
    throw new ReadError({ path, reason: "vanished", detail: `Cannot read "${path}": ${wordsOf(error)}` }, error);
  }
  return {
    sizeBytes: opened.size,
    mtimeMs: opened.mtimeMs,
    read(buffer) {
      // Small files: handing the work to another thread costs more than the reading.
      if (opened.size <= SMALL_BYTES) return readSync(descriptor, buffer, 0, buffer.length, null);
      return new Promise((resolve, reject) => {
        read(descriptor, buffer, 0, buffer.length, null, (error, length) => (error ? reject(error) : resolve(length)));
      });
    },
    async isUnchanged() {
      try {
        // The same inode: what its name shows is what the handle would.
        return isSame(opened, look(absolutePath));
      } catch {
        return false;
      }
    },
    async close() {
      closeSync(descriptor);
    },
  };
}

/**
 * Whether what is open still stands at its path, and no folder on the way to it was swapped for a link. FOLDER is a real
 * path, and so must this be.
 */
function isAtPlace(descriptor: number, opened: Stats, absolutePath: string): boolean {
  let real: string;
  try {
    real = readlinkSync(`/proc/self/fd/${descriptor}`);
    // Linux: where this very file stands now. One that was replaced or deleted has no such path any more.
    if (real === absolutePath) return true;
  } catch {
    real = realpathSync(absolutePath);
  }
  // Windows and macOS may give the letters in another case or composition.
  return isSame(opened, lstatSync(absolutePath)) && foldedName(real) === foldedName(absolutePath);
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    other.isFile()
  );
}

export interface Hashed {
  sha1: string;
  sizeBytes: number;
  mtimeMs: number;
  /** When the reading began: what tells a racy mtime. */
  readAtMs: number;
}

/** The SHA-1 of a file that stayed the same while it was read. @throws ReadError */
export async function hashFile(
  absolutePath: string,
  path: RelPath,
  now: () => number,
  follow = false,
): Promise<Hashed> {
  const readAtMs = now();
  const { hex: sha1, sizeBytes, mtimeMs } = await digestFile(absolutePath, path, "sha1", follow);
  return { sha1, sizeBytes, mtimeMs, readAtMs };
}

/** Any hash of a file that stayed the same while it was read, in lower-case hexadecimal. @throws ReadError */
export async function digestFile(
  absolutePath: string,
  path: RelPath,
  algorithm: "sha1" | "sha256" | "md5",
  follow = false,
): Promise<{ hex: string; sizeBytes: number; mtimeMs: number }> {
  const file = openFile(absolutePath, path, follow);
  try {
    const hash = createHash(algorithm);
    const buffer = Buffer.allocUnsafe(Math.min(HASH_CHUNK_BYTES, Math.max(1024, file.sizeBytes + 1)));
    let sizeBytes = 0;
    for (let length = await file.read(buffer); length > 0; length = await file.read(buffer)) {
      hash.update(buffer.subarray(0, length));
      sizeBytes += length;
    }
    if (sizeBytes !== file.sizeBytes || !(await file.isUnchanged())) {
      throw new ReadError({ path, reason: "changed", detail: `"${path}" changed while it was read` });
    }
    return { hex: hash.digest("hex"), sizeBytes, mtimeMs: file.mtimeMs };
  } catch (error) {
    if (error instanceof ReadError) throw error;
    throw new ReadError({ path, reason: "unreadable", detail: `Cannot read "${path}": ${wordsOf(error)}` }, error);
  } finally {
    await file.close();
  }
}

/** Whether a later edit could bear the same mtime as the content that was read at `readAtMs` (git: "racily clean"). */
export function isRacy(mtimeMs: number, readAtMs: number): boolean {
  return Math.abs(readAtMs - mtimeMs) < RACY_MS;
}
