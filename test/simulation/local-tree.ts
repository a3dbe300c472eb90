import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { foldedName, isAtOrBelow, nameOf, parentOf, type RelPath, upwards } from "../../src/detect/tree.ts";
import type { Clock } from "./clock.ts";

export interface LocalFile {
  sha1: string;
  sizeBytes: number;
  bytes: Uint8Array;
  /** Of the clock, cut to what the disk can tell apart. */
  mtimeMs: number;
}

/** FOLDER on a real disk, and what it holds and ever held. */
export interface LocalTree {
  readonly folder: string;
  readonly files: ReadonlyMap<RelPath, LocalFile>;
  readonly folders: ReadonlySet<RelPath>;
  /** Grows with each change. */
  readonly tick: number;
  /** The `tick` of the last change of the entry, or of a folder above it. */
  changedAt(path: RelPath): number;
  /** Whether the file, or one whose name differs in letter case only, ever had this content, as a whole. */
  knew(path: RelPath, sha1: string): boolean;
  /** Files that are being read: a write into one is given a time that shows. */
  readonly reading: Set<RelPath>;
  write(path: RelPath, bytes: Uint8Array, how: "in place" | "replaced"): void;
  touch(path: RelPath): void;
  makeFolder(path: RelPath): void;
  remove(path: RelPath): void;
  /** Moves an entry with all below it to a path where nothing is. */
  move(from: RelPath, to: RelPath): void;
  /** Makes an entry unreadable without changing it: out of sight, until `show`. `""` is FOLDER itself. */
  hide(path: RelPath): void;
  show(): void;
  readonly hidden: RelPath | undefined;
}

export const sha1Of = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

/** @param grainMs what the disk tells apart of times: FAT counts in steps of two seconds */
export function createLocalTree(base: string, clock: Clock, grainMs: number): LocalTree {
  const folder = join(base, "local");
  const attic = mkdtempSync(join(base, "attic-"));
  const files = new Map<RelPath, LocalFile>();
  const folders = new Set<RelPath>();
  const reading = new Set<RelPath>();
  const changes = new Map<RelPath, number>();
  const known = new Set<string>();
  /** What stood at a path with a size and time, and since how many jumps of the clock. */
  const dated = new Map<string, { sha1: string; jumps: number; isPlain: boolean }>();
  let hidden: RelPath | undefined;
  let tick = 0;
  mkdirSync(folder);

  const at = (path: RelPath) => join(folder, path);
  const note = (path: RelPath) => changes.set(path, tick);
  const key = (path: RelPath, sizeBytes: number, mtimeMs: number) => `${path}\n${sizeBytes}\n${mtimeMs}`;

  /**
   * Dates a file by the clock. Another content may bear size and time of an earlier one only where a mirror can tell:
   * within the grain of the disk, without a clock set in between.
   */
  function put(path: RelPath, bytes: Uint8Array, wanted?: number): LocalFile {
    const sha1 = sha1Of(bytes);
    const present = Math.floor(clock.now() / grainMs) * grainMs;
    const startMs = wanted ?? present;
    const isTaken = (mtimeMs: number) => {
      const other = dated.get(key(path, bytes.length, mtimeMs));
      if (!other || other.sha1 === sha1) return false;
      return wanted !== undefined || reading.has(path) || !other.isPlain || other.jumps !== clock.jumps;
    };
    let mtimeMs = startMs;
    while (isTaken(mtimeMs)) mtimeMs += Math.max(1000, grainMs);
    const isPlain = wanted === undefined && mtimeMs === present;
    dated.set(key(path, bytes.length, mtimeMs), { sha1, jumps: clock.jumps, isPlain });
    known.add(`${foldedName(path)}\n${sha1}`);
    const file = { sha1, sizeBytes: bytes.length, bytes, mtimeMs };
    files.set(path, file);
    utimesSync(at(path), mtimeMs / 1000, mtimeMs / 1000);
    return file;
  }

  function changedAt(path: RelPath): number {
    let last = 0;
    for (const above of upwards(path)) last = Math.max(last, changes.get(above) ?? 0);
    return last;
  }

  return {
    folder,
    files,
    folders,
    reading,
    get tick() {
      return tick;
    },
    changedAt,
    knew: (path, sha1) => known.has(`${foldedName(path)}\n${sha1}`),
    write(path, bytes, how) {
      tick++;
      if (how === "in place") writeFileSync(at(path), bytes);
      else {
        const temporary = join(attic, "new");
        writeFileSync(temporary, bytes);
        renameSync(temporary, at(path));
      }
      put(path, bytes);
      note(path);
    },
    touch(path) {
      const file = files.get(path);
      if (!file) return;
      tick++;
      put(path, file.bytes);
      note(path);
    },
    makeFolder(path) {
      tick++;
      mkdirSync(at(path));
      folders.add(path);
      note(path);
    },
    remove(path) {
      tick++;
      rmSync(at(path), { recursive: true });
      for (const each of [...files.keys()]) if (isAtOrBelow(each, path)) files.delete(each);
      for (const each of [...folders]) if (isAtOrBelow(each, path)) folders.delete(each);
      note(path);
    },
    move(from, to) {
      tick++;
      renameSync(at(from), at(to));
      const moved = (path: RelPath) => to + path.slice(from.length);
      for (const each of [...folders]) {
        if (!isAtOrBelow(each, from)) continue;
        folders.delete(each);
        folders.add(moved(each));
      }
      for (const [each, file] of [...files]) {
        if (!isAtOrBelow(each, from)) continue;
        files.delete(each);
        put(moved(each), file.bytes, file.mtimeMs);
      }
      note(from);
      note(to);
    },
    hide(path) {
      if (hidden !== undefined) return;
      renameSync(at(path), join(attic, "hidden"));
      hidden = path;
    },
    show() {
      if (hidden === undefined) return;
      renameSync(join(attic, "hidden"), at(hidden));
      hidden = undefined;
    },
    get hidden() {
      return hidden;
    },
  };
}

/** Where something new may stand: its folder is there, and nothing is at the path. */
export function isFree({ files, folders }: LocalTree, path: RelPath): boolean {
  const parent = parentOf(path);
  return nameOf(path) !== "" && (parent === "" || folders.has(parent)) && !files.has(path) && !folders.has(path);
}
