import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { behindOwnLinks, isOfSystem } from "./log-link.ts";
import { codeOf } from "./system-error.ts";

// Windows lacks these three.
const NONBLOCK = constants.O_NONBLOCK ?? 0;
const NOCTTY = constants.O_NOCTTY ?? 0;
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Opens a file, device or pipe to write at its end. A symbolic link is followed only where nobody else can have put it
 * there: else whoever could would have the log written into any file of ours. Throws PlantedLinkError, and the system's
 * error.
 */
export function openForAppending(path: string): number {
  const file = behindOwnLinks(path);
  const nofollow = isOfSystem(file) ? 0 : NOFOLLOW;
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO()) {
    // To open a pipe for writing alone waits for a reader, or fails without one; for both it does neither, on Linux
    // and macOS. What nobody reads is lost once the pipe is full.
    return openSync(file, constants.O_RDWR | NONBLOCK | nofollow);
  }
  return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NOCTTY | nofollow, 0o640);
}

/** Whether `file` still names what is open as `fd`. */
export function isSameFile(fd: number, file: string): boolean {
  try {
    const there = statSync(file, { bigint: true });
    const open = fstatSync(fd, { bigint: true });
    return there.ino === open.ino && there.dev === open.dev;
  } catch {
    return false;
  }
}

/** A run that was killed, or a disk that was full, can leave half a line: the next one must not go on in it. */
export function endsInMidLine(file: string, sizeBytes: number): boolean {
  if (sizeBytes === 0) return false;
  try {
    const fd = openSync(file, "r");
    try {
      const last = Buffer.alloc(1);
      return readSync(fd, last, 0, 1, sizeBytes - 1) === 1 && last[0] !== 0x0a;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/**
 * Writes all of `bytes`, in one call where the system takes them in one; `onWritten` is told after each call how many
 * are written. A full pipe is waited for. Throws the system's error.
 */
export function writeLine(
  fd: number,
  bytes: Uint8Array,
  patienceMs: number,
  onWritten: (writtenBytes: number, addedBytes: number) => void,
): void {
  let waitedMs = 0;
  for (let written = 0; written < bytes.length; ) {
    try {
      const added = writeSync(fd, bytes, written);
      written += added;
      onWritten(written, added);
    } catch (error) {
      if (codeOf(error) === "EINTR") continue;
      if (codeOf(error) !== "EAGAIN" || waitedMs >= patienceMs) throw error;
      Bun.sleepSync(5);
      waitedMs += 5;
    }
  }
}

/** Shortens a file that is still `sizeBytes` long. @returns whether it was */
export function takeBack(fd: number, sizeBytes: number, toBytes: number): boolean {
  try {
    if (fstatSync(fd).size !== sizeBytes) return false;
    ftruncateSync(fd, toBytes);
    return true;
  } catch {
    return false;
  }
}

/** `file` becomes `file.1`, and so on up to `file.<keep>`; the oldest goes. Throws the system's error. */
export function rotate(file: string, keep: number): void {
  if (keep === 0) {
    rmSync(file);
    return;
  }
  for (let number = keep - 1; number >= 1; number--) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  }
  renameSync(file, `${file}.1`);
}
