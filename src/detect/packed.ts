import type { ManifestEntry } from "./manifest.ts";
import { compareText, type FileEntry } from "./tree.ts";

/**
 * The files of one folder in columns, never changed: of 100,000 files a tenth of the memory that as many objects need,
 * and memory costs time as well. A manifest and a snapshot that tell the same of a folder can have the same one.
 */
export interface PackedFolder {
  readonly count: number;
  /** In the order of code units, with `/` in between: no name has one. */
  readonly names: string;
  /** mtime in milliseconds and size in bytes, by turns. */
  readonly numbers: Float64Array;
}

/** The same of files that are known to stand on the site. */
export interface PackedRecords extends PackedFolder {
  /** Twenty bytes a file. */
  readonly sha1: Uint8Array;
  /** What `MARKS` say of each; undefined where they say nothing of any. */
  readonly marks: Uint8Array | undefined;
}

export const MARKS = { racy: 1, undated: 2 };

export const SHA1_BYTES = 20;
const SHA1 = /^[0-9a-f]{40}$/;

/** How entries become columns, and the columns entries. */
export interface Packing<Entry extends FileEntry, Packed extends PackedFolder> {
  /** Undefined when an entry holds what no column can. */
  pack(entries: ReadonlyMap<string, Entry>): Packed | undefined;
  entryAt(packed: Packed, index: number): Entry;
}

export const SEEN: Packing<FileEntry, PackedFolder> = {
  pack: packFolder,
  entryAt: ({ numbers }, index) => ({ mtimeMs: numbers[index * 2] ?? 0, sizeBytes: numbers[index * 2 + 1] ?? 0 }),
};

export const RECORDED: Packing<ManifestEntry, PackedRecords> = {
  pack(entries) {
    const folder = packFolder(entries);
    const sha1 = new Uint8Array(folder.count * SHA1_BYTES);
    const marks = new Uint8Array(folder.count);
    let isMarked = false;
    for (const [index, name] of namesOf(folder).entries()) {
      const entry = entries.get(name);
      if (!entry || !SHA1.test(entry.sha1)) return undefined;
      for (let at = 0; at < SHA1_BYTES; at++) {
        sha1[index * SHA1_BYTES + at] = (digitAt(entry.sha1, at * 2) << 4) | digitAt(entry.sha1, at * 2 + 1);
      }
      const mark = (entry.racy ? MARKS.racy : 0) + (entry.undated ? MARKS.undated : 0);
      marks[index] = mark;
      isMarked ||= mark !== 0;
    }
    return { ...folder, sha1, marks: isMarked ? marks : undefined };
  },
  entryAt(packed, index) {
    const { numbers, sha1, marks } = packed;
    const [mtimeMs = 0, sizeBytes = 0] = [numbers[index * 2], numbers[index * 2 + 1]];
    const entry: ManifestEntry = { mtimeMs, sizeBytes, sha1: hexAt(sha1, index * SHA1_BYTES) };
    const mark = marks?.[index] ?? 0;
    if (mark & MARKS.racy) entry.racy = true;
    if (mark & MARKS.undated) entry.undated = true;
    return entry;
  },
};

function packFolder(entries: ReadonlyMap<string, FileEntry>): PackedFolder {
  const names = [...entries.keys()].sort();
  const numbers = new Float64Array(names.length * 2);
  for (const [index, name] of names.entries()) {
    const { mtimeMs, sizeBytes } = entries.get(name) ?? { mtimeMs: 0, sizeBytes: 0 };
    numbers[index * 2] = mtimeMs;
    numbers[index * 2 + 1] = sizeBytes;
  }
  return { count: names.length, names: names.join("/"), numbers };
}

/** In order. */
export function namesOf(packed: PackedFolder): string[] {
  return packed.count === 0 ? [] : packed.names.split("/");
}

/** @param names of namesOf(). @returns -1 when it is none of them */
export function indexOfName(names: readonly string[], name: string): number {
  let [from, to] = [0, names.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compareText(names[middle] ?? "", name);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return -1;
}

/** Files of one folder as a walk finds them. */
export interface Columns {
  /** In the order of names. */
  add(name: string, mtimeMs: number, sizeBytes: number): void;
  /** @returns `known` itself where that describes the very same files, and none of them has to be read for certainty */
  packed(known: PackedRecords | undefined): PackedFolder;
}

/** A folder is walked in one go: the next one can use it again. */
const scratch = new Float64Array(2048);

export function createColumns(mostFiles: number): Columns {
  const names: string[] = [];
  const numbers = mostFiles * 2 <= scratch.length ? scratch : new Float64Array(mostFiles * 2);
  return {
    add(name, mtimeMs, sizeBytes) {
      numbers[names.length * 2] = mtimeMs;
      numbers[names.length * 2 + 1] = sizeBytes;
      names.push(name);
    },
    packed(known) {
      const seen = { count: names.length, names: names.join("/"), numbers };
      if (known && isSettled(known) && isSame(known, seen)) return known;
      return { ...seen, numbers: numbers.slice(0, names.length * 2) };
    },
  };
}

/** `known` in place of a folder that describes the very same files, where none of them has to be read for certainty. */
export function sharedOf(seen: PackedFolder, known: PackedRecords | undefined): PackedFolder {
  return known && isSettled(known) && isSame(known, seen) ? known : seen;
}

const isSettled = ({ marks }: PackedRecords) => !marks?.some((mark) => (mark & MARKS.racy) !== 0);

/** @param seen its numbers may go on behind its files */
function isSame(known: PackedFolder, seen: PackedFolder): boolean {
  if (known.names !== seen.names || known.count !== seen.count) return false;
  const { numbers } = known;
  for (let at = 0; at < numbers.length; at++) if (numbers[at] !== seen.numbers[at]) return false;
  return true;
}

/** The value of a lower-case hexadecimal digit. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexAt(bytes: Uint8Array, from: number): string {
  let text = "";
  for (let at = from; at < from + SHA1_BYTES; at++) text += DIGITS[bytes[at] ?? 0] ?? "";
  return text;
}
