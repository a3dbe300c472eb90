import { closeSync, constants, fsync, fsyncSync, ftruncateSync } from "node:fs";
import { createOpenIntents, followSteps, type Intent, type JournalRecord, type Step } from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import { diskError, openOwnFile } from "./disk.ts";
import { checkHeader, readIfThere } from "./manifest-file.ts";
import { writeAll } from "./replacement.ts";
import { checkedRecord, isFields, isGeneration, type MirrorIdentity, VERSION } from "./validate.ts";

export const JOURNAL_FILE = "journal.jsonl";

export interface ReadJournal {
  /** Of the manifest it goes on from; undefined when its first line is damaged. */
  generation: number | undefined;
  records: JournalRecord[];
  /** Up to the end of the last line that can be believed. */
  soundBytes: number;
  /** A whole line is damaged: nothing from it on was read. A torn last line is no damage, a kill leaves one. */
  damaged: boolean;
}

/** Undefined when there is none. Throws StateError "foreign", "newer" or "unusable"; changes nothing. */
export function readJournal(file: string, identity: MirrorIdentity): ReadJournal | undefined {
  const bytes = readIfThere(file);
  if (!bytes?.includes(0x0a)) return undefined;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const read: ReadJournal = { generation: undefined, records: [], soundBytes: 0, damaged: false };
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, read.soundBytes)) {
    const line = parsedLine(decoder, bytes.subarray(read.soundBytes, end));
    if (!takeLine(read, line, file, identity)) return { ...read, damaged: true };
    read.soundBytes = end + 1;
  }
  return read;
}

function parsedLine(decoder: TextDecoder, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function takeLine(read: ReadJournal, line: unknown, file: string, identity: MirrorIdentity): boolean {
  if (read.generation === undefined) {
    if (!isFields(line) || !checkHeader(file, line, identity) || !isGeneration(line.generation)) return false;
    read.generation = line.generation;
    return true;
  }
  const record = checkedRecord(line);
  if (record) read.records.push(record);
  return record !== undefined;
}

/** What was begun and not settled, in the order of beginning. */
export function openIntents(records: JournalRecord[]): Intent[] {
  const open = createOpenIntents();
  for (const record of records) open.follow(record);
  return [...open.byId.values()];
}

/** Steps that were asked for and whose end is not known. */
export function openSteps(records: JournalRecord[]): Step[] {
  const open = new Map<RelPath, Step>();
  for (const record of records) followSteps(open, record);
  return [...open.values()];
}

export function journalText({ folder, site }: MirrorIdentity, generation: number, records: JournalRecord[]): string {
  return `${JSON.stringify({ version: VERSION, folder, site, generation })}\n${linesOf(records)}`;
}

function linesOf(records: JournalRecord[]): string {
  let text = "";
  for (const record of records) text += `${JSON.stringify(record)}\n`;
  return text;
}

/** What was appended is brought to the disk this often: a kill loses nothing of it, a power cut no more than this. */
const FLUSH_EVERY_MS = 1000;

export interface JournalWriter {
  /** In one write. Throws StateError "disk", and then none of them counts. */
  append(records: JournalRecord[]): void;
  /** Brings to the disk what is not there yet. Throws StateError "disk". */
  flush(): void;
  sizeBytes(): number;
  close(): void;
}

/** Goes on behind `soundBytes` of an existing journal. Throws StateError "disk". */
export function openJournal(file: string, soundBytes: number): JournalWriter {
  let size = soundBytes;
  // Something stands behind `size`: a torn line, or the part of a batch that fitted on a full disk.
  let hasRemains = true;
  let appended = 0;
  /** How many of the appends are safe on the disk. */
  let flushed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function attempt<T>(action: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw diskError(action, file, error);
    }
  }

  /** Beside the transfers: to wait for a slow disk here would hold them all up. */
  function flushSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      const upTo = appended;
      fsync(fd, (error) => {
        if (!error) flushed = Math.max(flushed, upTo);
      });
    }, FLUSH_EVERY_MS).unref();
  }

  // Not in append mode: Windows lets such a handle not truncate. The lock makes this process the only writer.
  const fd = attempt("open", () => openOwnFile(file, constants.O_RDWR));
  return {
    append(records) {
      if (records.length === 0) return;
      const bytes = Buffer.from(linesOf(records));
      attempt("write", () => {
        if (hasRemains) ftruncateSync(fd, size);
        hasRemains = true;
        writeAll(fd, bytes, size);
        hasRemains = false;
        size += bytes.length;
      });
      appended++;
      flushSoon();
    },
    flush() {
      if (flushed === appended) return;
      attempt("flush", () => fsyncSync(fd));
      flushed = appended;
    },
    sizeBytes: () => size,
    close() {
      clearTimeout(timer);
      closeSync(fd);
    },
  };
}
