import type { RecordedFiles } from "../detect/file-table.ts";
import { MARKS, SHA1_BYTES } from "../detect/packed.ts";
import { type Collection, createCollection, OtherLayout, textOf } from "./manifest-columns.ts";
import { isRelPath } from "./validate.ts";

/** What stands before the files in the layout of manifestText(), and behind them. */
export const FILES = '\n"files": {\n';
export const FOLDERS = '\n},\n"folders": [\n';

/** Fills `into` from its start with what comes next. @returns how many bytes; 0 at the end */
export type Read = (into: Uint8Array) => number;

export interface ManifestLines {
  /** The text before `FILES`. */
  head: string;
  files: RecordedFiles;
  /** The text from `FOLDERS` on. */
  tail: string;
}

const WINDOW_BYTES = 128 * 1024;
/** A line that is longer is left to others. */
const LONGEST_LINE_BYTES = 16 * 1024;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const FILES_BYTES = bytesOf(FILES);
const MTIME = bytesOf('": { "mtime": ');
const SIZE = bytesOf(', "size": ');
const SHA1 = bytesOf(', "sha1": "');
const RACY = bytesOf(', "racy": true');
const UNDATED = bytesOf(', "undated": true');
const END = bytesOf(" }");
const [NEWLINE, SPACE, QUOTE, COMMA, POINT, SLASH, ZERO, BACKSLASH] = [0x0a, 0x20, 0x22, 0x2c, 0x2e, 0x2f, 0x30, 0x5c];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const TEN_TO_THE = [1, 10, 100, 1000, 10_000];

/**
 * Reads the layout of manifestText() byte by byte, so that 100,000 files need no objects and no strings on the way.
 * @returns undefined when anything in it is not as manifestText() writes it: others may be able to read it
 */
export function readLines(read: Read): ManifestLines | undefined {
  const bytes = new Uint8Array(WINDOW_BYTES);
  let end = 0;
  let isAllRead = false;

  /** Moves what begins at `at` to the start, and has more follow. */
  function refill(at: number): void {
    bytes.copyWithin(0, at, end);
    end -= at;
    while (!isAllRead && end < bytes.length) {
      const count = read(bytes.subarray(end));
      isAllRead = count === 0;
      end += count;
    }
    // No line goes on in what was there before.
    bytes.fill(0, end);
  }

  try {
    refill(0);
    let filesAt = 0;
    while (filesAt < end && !isAt(bytes, filesAt, FILES_BYTES)) filesAt++;
    if (filesAt === end) return undefined;
    const head = textOf(bytes.subarray(0, filesAt));
    const collected = createCollection();
    let at = filesAt + FILES_BYTES.length;
    while (bytes[at] !== NEWLINE) {
      if (!isAllRead && end - at < LONGEST_LINE_BYTES) {
        refill(at);
        at = 0;
      }
      at = takeLine(bytes, at, collected);
      // Another line follows.
      if (bytes[at] === COMMA && bytes[at + 1] === NEWLINE && bytes[at + 2] !== NEWLINE) at += 2;
      else if (bytes[at] !== NEWLINE) return undefined;
    }
    const pieces: Uint8Array[] = [];
    for (; end > at; at = 0) {
      pieces.push(bytes.slice(at, end));
      refill(end);
    }
    const tail = textOf(Buffer.concat(pieces));
    return tail.startsWith(FOLDERS) ? { head, files: collected.end(), tail } : undefined;
  } catch (error) {
    if (error instanceof OtherLayout) return undefined;
    throw error;
  }
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}

function behind(bytes: Uint8Array, at: number, wanted: Uint8Array): number {
  if (!isAt(bytes, at, wanted)) throw new OtherLayout();
  return at + wanted.length;
}

/** @returns where the line ends, before a comma */
function takeLine(bytes: Uint8Array, lineAt: number, collected: Collection): number {
  let at = takePath(bytes, lineAt, collected);
  at = behind(bytes, at, MTIME);
  const sizeAt = numberEnd(bytes, at);
  const mtimeMs = mtimeOf(bytes, at, sizeAt);
  at = behind(bytes, sizeAt, SIZE);
  const sha1At = numberEnd(bytes, at);
  const sizeBytes = wholeOf(bytes, at, sha1At);
  at = behind(bytes, sha1At, SHA1);
  const sha1 = at;
  at += 2 * SHA1_BYTES;
  if (bytes[at++] !== QUOTE) throw new OtherLayout();
  let marks = 0;
  if (bytes[at] === COMMA) {
    if (isAt(bytes, at, RACY)) [at, marks] = [at + RACY.length, MARKS.racy];
    if (isAt(bytes, at, UNDATED)) [at, marks] = [at + UNDATED.length, marks | MARKS.undated];
  }
  at = behind(bytes, at, END);
  collected.addEntry(mtimeMs, sizeBytes, bytes, sha1, marks);
  return at;
}

/** @returns where the closing quote is */
function takePath(bytes: Uint8Array, lineAt: number, collected: Collection): number {
  if (bytes[lineAt] !== QUOTE) throw new OtherLayout();
  let slashAt = lineAt;
  let at = lineAt + 1;
  for (; ; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === SLASH) slashAt = at;
    else if (byte === QUOTE) break;
    else if (byte === BACKSLASH) return takeEscapedPath(bytes, lineAt, collected);
    else if (byte < SPACE) throw new OtherLayout();
  }
  collected.addPath(bytes, lineAt + 1, slashAt, at);
  return at;
}

function takeEscapedPath(bytes: Uint8Array, lineAt: number, collected: Collection): number {
  let at = lineAt + 1;
  for (; bytes[at] !== QUOTE; at++) {
    if (bytes[at] === BACKSLASH) at++;
    if ((bytes[at] ?? 0) < SPACE) throw new OtherLayout();
  }
  const path = parsedText(textOf(bytes.subarray(lineAt, at + 1)));
  if (!path.isWellFormed() || !isRelPath(path)) throw new OtherLayout();
  const plain = Buffer.from(` ${path}`);
  collected.addPath(plain, 1, Math.max(0, plain.lastIndexOf(SLASH)), plain.length);
  return at;
}

function parsedText(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    throw new OtherLayout();
  }
}

function numberEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  for (let byte = bytes[end] ?? 0; byte > SPACE && byte !== COMMA; byte = bytes[end] ?? 0) end++;
  return end;
}

/** NaN for what is no number of up to 15 digits: those are exact. */
function digitsOf(bytes: Uint8Array, at: number, end: number): number {
  if (end <= at || end - at > 15) return Number.NaN;
  let value = 0;
  for (let index = at; index < end; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function wholeOf(bytes: Uint8Array, at: number, end: number): number {
  const value = digitsOf(bytes, at, end);
  if (Number.isNaN(value) || (bytes[at] === ZERO && end - at > 1)) throw new OtherLayout();
  return value;
}

function mtimeOf(bytes: Uint8Array, at: number, end: number): number {
  const pointAt = placeOf(POINT, bytes, at, end);
  const decimals = end - pointAt - 1;
  // Behind ten digits and more, four decimals are either far from the middle between two numbers or right in it: what
  // the division rounds does not matter.
  if (pointAt - at >= 10 && bytes[at] !== ZERO && decimals <= 4) {
    const fraction = decimals < 0 ? 0 : digitsOf(bytes, pointAt + 1, end) / (TEN_TO_THE[decimals] ?? Number.NaN);
    const value = digitsOf(bytes, at, pointAt) + fraction;
    if (!Number.isNaN(value)) return value;
  }
  const text = textOf(bytes.subarray(at, end));
  if (!NUMBER.test(text) || !Number.isFinite(Number(text))) throw new OtherLayout();
  return Number(text);
}

function placeOf(wanted: number, bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== wanted) at++;
  return at;
}
