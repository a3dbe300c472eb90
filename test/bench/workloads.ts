import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

const BLOCK_BYTES = 1024 * 1024;
/** Old enough for a file to be believed unchanged by its time; a second more for each file. */
const FIRST_MTIME_SECONDS = Date.UTC(2024, 0, 1) / 1000;
/** Makes room for Ctrl-C. */
const FILES_AT_ONCE = 500;

export interface SmallFiles {
  /** Path of the file of this number, from 0. */
  path: (index: number) => string;
  count: number;
  sizeBytes: number;
}

/** The same files each time it is called: names, contents, times. No two have the same content. */
export async function makeSmallFiles(folder: string, files: SmallFiles, signal: AbortSignal): Promise<void> {
  const made = new Set<string>();
  for (let index = 0; index < files.count; index++) {
    if (index % FILES_AT_ONCE === 0) await Bun.sleep(0);
    signal.throwIfAborted();
    const file = join(folder, files.path(index));
    const parent = dirname(file);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(file, noise(index, files.sizeBytes));
    utimesSync(file, FIRST_MTIME_SECONDS + index, FIRST_MTIME_SECONDS + index);
  }
}

/** The same file each time it is called; no two of its blocks of 1 MiB are equal. */
export async function makeLargeFile(file: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(file, "w");
  try {
    const block = noise(0, BLOCK_BYTES);
    for (let written = 0; written < sizeBytes; written += BLOCK_BYTES) {
      await Bun.sleep(0);
      signal.throwIfAborted();
      noise(written, 64).copy(block);
      writeSync(handle, block, 0, Math.min(BLOCK_BYTES, sizeBytes - written));
    }
  } finally {
    closeSync(handle);
  }
  utimesSync(file, FIRST_MTIME_SECONDS, FIRST_MTIME_SECONDS);
}

/** Bytes that look random and follow from `seed`: what compresses would flatter nobody here, but encryption might. */
export function noise(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / 64) * 64);
  for (let offset = 0; offset < bytes.length; offset += 64) {
    createHash("sha512").update(`${seed} ${offset}`).digest().copy(bytes, offset);
  }
  return bytes.subarray(0, sizeBytes);
}

/** 100 files a folder, 10 folders a folder: `5/3/1/file-42`. */
export function deepPath(index: number): string {
  const leaf = Math.floor(index / 100);
  const folders = [Math.floor(leaf / 100), Math.floor(leaf / 10) % 10, leaf % 10];
  return `${folders.join("/")}/file-${String(index % 100).padStart(2, "0")}`;
}

/** All in a few folders of 100, as a web site's pictures are: `pictures-3/picture-42.jpg`. */
export function flatPath(index: number): string {
  return `pictures-${Math.floor(index / 100)}/picture-${String(index % 100).padStart(2, "0")}.jpg`;
}
