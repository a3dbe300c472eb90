import { createRecordedFiles, type RecordedFiles } from "../detect/file-table.ts";
import { type PackedRecords, RECORDED, SHA1_BYTES } from "../detect/packed.ts";
import { isRelPath } from "./validate.ts";

/** The text is not in the layout that manifestText() writes, or not all that it says is sound. */
export class OtherLayout extends Error {}

/** Files as they stand in a manifest, one behind the other: first the path of each, then its entry. */
export interface Collection {
  /**
   * A path in UTF-8, from `from` to `to`. @param slashAt of its last slash; before `from` when it has none
   * @throws OtherLayout
   */
  addPath(source: Uint8Array, from: number, slashAt: number, to: number): void;
  /** @param sha1At where the digits begin. @throws OtherLayout */
  addEntry(mtimeMs: number, sizeBytes: number, source: Uint8Array, sha1At: number, marks: number): void;
  /** @throws OtherLayout */
  end(): RecordedFiles;
}

const [SLASH, POINT] = [0x2f, 0x2e];

/** By byte; what is no lower-case hexadecimal digit has a value beyond four bits. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte));
  return digit < 0 ? 0xff : digit;
});

/** Files of one folder that follow one another become its columns as they are, where they are in order. */
export function createCollection(): Collection {
  const files = createRecordedFiles();
  let folder = new Uint8Array(0);
  let isFolderOpen = false;
  // The columns of the folder that is open; the names as in a PackedFolder, but with a slash behind each.
  let count = 0;
  let names = new Uint8Array(4096);
  let namesEnd = 0;
  let lastNameAt = 0;
  let numbers = new Float64Array(512);
  let sha1 = new Uint8Array(256 * SHA1_BYTES);
  let marks = new Uint8Array(256);
  let isInOrder = true;
  let isAscii = true;
  let isMarked = false;

  function isInFolder(source: Uint8Array, from: number, slashAt: number): boolean {
    const length = Math.max(0, slashAt - from);
    if (!isFolderOpen || length !== folder.length) return false;
    for (let at = 0; at < length; at++) if (source[from + at] !== folder[at]) return false;
    return true;
  }

  function addName(source: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length === 0 || (source[from] === POINT && (length === 1 || (length === 2 && source[from + 1] === POINT)))) {
      throw new OtherLayout();
    }
    if (namesEnd + length + 1 > names.length) names = grown(names, namesEnd + length + 1);
    /** Below zero when it comes before the last name, zero as long as it is the same. */
    let order = count === 0 ? 1 : 0;
    for (let at = 0; at < length; at++) {
      const byte = source[from + at] ?? 0;
      if (byte >= 0x80) isAscii = false;
      // The slash behind the last name stands for its end: what is longer comes later.
      if (order === 0) {
        const other = names[lastNameAt + at] ?? 0;
        if (other !== byte) order = other === SLASH ? 1 : byte - other;
      }
      names[namesEnd + at] = byte;
    }
    if (order <= 0) isInOrder = false;
    lastNameAt = namesEnd;
    namesEnd += length + 1;
    names[namesEnd - 1] = SLASH;
  }

  function endFolder(): void {
    if (!isFolderOpen || count === 0) return;
    const path = textOf(folder);
    if (path !== "" && !isRelPath(path)) throw new OtherLayout();
    const packed: PackedRecords = {
      count,
      names: textOf(names.subarray(0, namesEnd - 1)),
      numbers: numbers.slice(0, count * 2),
      sha1: sha1.slice(0, count * SHA1_BYTES),
      marks: isMarked ? marks.slice(0, count) : undefined,
    };
    // Beyond ASCII the order of bytes is not that of code units. A folder may come again, and a name: the last one counts.
    if (isInOrder && isAscii && !files.hasFolder(path)) files.putFolder(path, packed);
    else {
      for (const [index, name] of packed.names.split("/").entries()) {
        files.set(path === "" ? name : `${path}/${name}`, RECORDED.entryAt(packed, index));
      }
    }
    [count, namesEnd, lastNameAt, isInOrder, isAscii, isMarked] = [0, 0, 0, true, true, false];
  }

  return {
    addPath(source, from, slashAt, to) {
      // Nothing stands before it.
      if (slashAt === from) throw new OtherLayout();
      if (!isInFolder(source, from, slashAt)) {
        endFolder();
        folder = source.slice(from, Math.max(from, slashAt));
        isFolderOpen = true;
      }
      addName(source, Math.max(from, slashAt + 1), to);
    },
    addEntry(mtimeMs, sizeBytes, source, sha1At, entryMarks) {
      if (count === marks.length) {
        numbers = grown(numbers, count * 4);
        sha1 = grown(sha1, count * 2 * SHA1_BYTES);
        marks = grown(marks, count * 2);
      }
      numbers[count * 2] = mtimeMs;
      numbers[count * 2 + 1] = sizeBytes;
      let all = 0;
      for (let at = 0; at < SHA1_BYTES; at++) {
        const high = DIGITS[source[sha1At + at * 2] ?? 0] ?? 0xff;
        const low = DIGITS[source[sha1At + at * 2 + 1] ?? 0] ?? 0xff;
        all |= high | low;
        sha1[count * SHA1_BYTES + at] = (high << 4) | low;
      }
      if (all > 0xf) throw new OtherLayout();
      marks[count] = entryMarks;
      if (entryMarks !== 0) isMarked = true;
      count++;
    },
    end() {
      endFolder();
      files.pack();
      return files;
    },
  };
}

function grown<T extends Uint8Array | Float64Array>(array: T, length: number): T {
  const larger = array instanceof Uint8Array ? new Uint8Array(length * 2) : new Float64Array(length * 2);
  larger.set(array);
  return larger as T;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws OtherLayout */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new OtherLayout();
  }
}
