import type { Reason } from "../report/reasons.ts";
import type { Files } from "./file-table.ts";

/** A path below FOLDER, `/`-separated on every system, never starting or ending with `/`; `""` is FOLDER itself. */
export type RelPath = string;

export interface FileEntry {
  /** Milliseconds since the epoch, with the fraction the disk gives. */
  mtimeMs: number;
  sizeBytes: number;
}

/** Something that exists and could not be read: it blocks every deletion at and below its path. */
export interface Problem {
  path: RelPath;
  reason: Reason;
  /** For the person at the terminal: the failed action and the system's words. */
  detail: string;
}

/** Something left alone on purpose: out of scope, here and on the site. */
export interface Skip {
  path: RelPath;
  isFolder: boolean;
  reason: Reason;
  /** Told once in the log. What the user excluded, and our own files, are skipped in silence. */
  told: boolean;
  detail?: string;
}

/** What the local folder held at one scan. */
export interface Snapshot {
  files: Files<FileEntry>;
  /** Every folder in scope but FOLDER itself. */
  folders: Set<RelPath>;
  problems: Problem[];
  /** Folders on which another disk is mounted. */
  mounts?: Set<RelPath>;
  /** By path; what lies below a skipped folder is not listed. */
  skipped: Map<RelPath, Skip>;
}

export function parentOf(path: RelPath): RelPath {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function nameOf(path: RelPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The level of the folder that holds `path`: 0 for an entry of FOLDER itself. */
export function levelOf(path: RelPath): number {
  let level = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) level++;
  return level;
}

export function isAtOrBelow(path: RelPath, folder: RelPath): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** The path itself, then each folder above it, FOLDER (`""`) last. */
export function* upwards(path: RelPath): Generator<RelPath> {
  for (let at = path; at !== ""; at = parentOf(at)) yield at;
  yield "";
}

/** A remote time in whole seconds, of a clock that ticks in steps of up to two: anything nearer is the same moment. */
const SAME_TIME_MS = 2000;

export function isSameTime(remoteMs: number, localMs: number): boolean {
  return Math.abs(remoteMs - localMs) <= SAME_TIME_MS;
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/** Names that are one where letter case is ignored or letters are composed. */
export function foldedName(path: RelPath): string {
  return (BEYOND_ASCII.test(path) ? path.normalize("NFC") : path).toLowerCase();
}

/** By code units: the same order on every system and in every language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
