import { join } from "node:path";
import { readOwnFile, replaceFile } from "./disk.ts";

/** What a mirror remembers between runs and shows to `miroir status`. Times are ISO 8601, UTC. */
export interface Status {
  folder?: string;
  site?: string;
  completedPassAt?: string;
  lastPassAt?: string;
  lastVerifyAt?: string;
  /** The device FOLDER was on. */
  device?: string;
  /** The site has been seen with TLS: it never goes back to a plain session by itself. */
  encrypted?: boolean;
  /** Paths of miroir's own files inside FOLDER, for runs that do not know the log. */
  own?: string[];
  /** Folders on which another disk was mounted. */
  mounts?: string[];
  /** Why the last pass ended early, as a reason of the log. */
  failure?: string;
  /** What names of the server are known to keep, and what it alters (plan/names.ts). */
  names?: { sound: string[]; altered: string[]; foldsCase: boolean };
  /** Folders for trying out names that were absent when they were swept: a slow server may have made one since. */
  probes?: string[];
  /** The remote folder was missing since it was last compared: what is in it now has to be seen. */
  unseen?: boolean;
  /** Skips that the log told already: one key each. */
  told: string[];
  pending?: number;
  failing?: number;
  /** Deletions that wait for approval. */
  parked?: number;
  /** The oldest change that is not on the site yet. */
  oldestChangeAt?: string;
}

const STATUS_FILE = "status.json";
const TEXTS = [
  "folder",
  "site",
  "completedPassAt",
  "lastPassAt",
  "lastVerifyAt",
  "device",
  "oldestChangeAt",
  "failure",
] as const;
const COUNTS = ["pending", "failing", "parked"] as const;

/** Missing or damaged: as if nothing had been remembered; a field of another type is left out. */
export function readStatusFile(directory: string): Status {
  const read = readSmallJson(join(directory, STATUS_FILE));
  const told = Array.isArray(read.told) ? read.told.filter((key): key is string => typeof key === "string") : [];
  const status: Status = { told };
  for (const name of TEXTS) {
    const value = read[name];
    if (typeof value === "string") status[name] = value;
  }
  for (const name of COUNTS) {
    const value = read[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) status[name] = value;
  }
  if (isTexts(read.mounts)) status.mounts = read.mounts;
  if (isTexts(read.own)) status.own = read.own;
  if (isTexts(read.probes)) status.probes = read.probes.filter((name) => /^\.miroir-[^/]+$/.test(name));
  const names = textNames(read.names);
  if (names) status.names = names;
  if (typeof read.encrypted === "boolean") status.encrypted = read.encrypted;
  if (read.unseen === true) status.unseen = true;
  return status;
}

function isTexts(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((each) => typeof each === "string");
}

function textNames(value: unknown): Status["names"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { sound, altered, foldsCase }: Record<string, unknown> = { ...value };
  return isTexts(sound) && isTexts(altered) ? { sound, altered, foldsCase: foldsCase === true } : undefined;
}

/** Throws StateError "disk". */
export function writeStatusFile(directory: string, status: Status): void {
  // The rest is worth no wait for the disk; to forget this one could send a password in clear.
  const sync = status.encrypted === true && readStatusFile(directory).encrypted !== true;
  replaceFile(directory, STATUS_FILE, `${JSON.stringify(status)}\n`, { sync });
}

/** A small JSON object that nothing depends on: whatever is wrong with it makes it empty. */
export function readSmallJson(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readOwnFile(file).toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
