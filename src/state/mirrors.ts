import { closeSync, constants, readdirSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { codeOf, wordsOf } from "../report/system-error.ts";
import { createApproval } from "./approval.ts";
import { openOwnFile } from "./disk.ts";
import { type LockHolder, StateError } from "./errors.ts";
import { lockHolder } from "./lock.ts";
import { MANIFEST_FILE } from "./manifest-file.ts";
import { type Run, readRun } from "./run.ts";
import { readStatusFile, type Status } from "./status.ts";

/** One mirror as its state folder shows it to another process. */
export interface KnownMirror {
  /** The name of its folder in the state folder. */
  id: string;
  directory: string;
  status: Status;
  /** The process that mirrors now; "unknown" when it did not say who it is. */
  holder: LockHolder | "unknown" | undefined;
  /** The last run, which may be the present one; undefined when none wrote itself down. */
  run: Run | undefined;
  /** The deletions that waited in the last pass have been let go since. */
  isApproved?: boolean;
  /** The names of the profiles that mean it. */
  profiles: readonly string[];
}

/** Every mirror that has state on this machine, by name. @throws StateError when the folder cannot be read */
export function knownMirrors(stateFolder: string): KnownMirror[] {
  return knownStatuses(stateFolder).map((mirror) => ({
    ...mirror,
    ...livingOf(mirror.directory),
    isApproved: isApproved(mirror.directory),
  }));
}

function isApproved(directory: string): boolean {
  const approval = createApproval(directory);
  return approval.parked().length === 0 && approval.approved().length > 0;
}

function livingOf(directory: string): Pick<KnownMirror, "holder" | "run"> {
  for (;;) {
    let holder: KnownMirror["holder"];
    try {
      holder = lockHolder(directory);
    } catch (error) {
      if (error instanceof StateError) return { holder: undefined, run: undefined };
      throw error;
    }
    const run = readRun(directory);
    // A run that began or ended between the two looks would seem to be a dead one.
    const isSettled = holder !== undefined || run === undefined || run.endedAt !== undefined;
    if (isSettled || lockHolder(directory) === undefined) return { holder, run: readRun(directory) };
  }
}

/** Whether any mirror has seen the server of `site` (as siteIdentity() gives it) with TLS: that is the server's doing, whatever the folders and accounts. */
export function hasSeenEncrypted(stateFolder: string, site: string): boolean {
  return readable(stateFolder).some(({ status }) => status.encrypted && serverOf(status.site) === serverOf(site));
}

/** A folder that cannot be read is the trouble of whoever needs more of it. */
function readable(stateFolder: string): Pick<KnownMirror, "status">[] {
  try {
    return knownStatuses(stateFolder);
  } catch (error) {
    if (error instanceof StateError) return [];
    throw error;
  }
}

/** The host and port in a site's identity. */
function serverOf(site: string | undefined): string | undefined {
  return /^ftp:\/\/[^@/]*@([^/]*)\//.exec(site ?? "")?.[1];
}

function knownStatuses(stateFolder: string): Array<Omit<KnownMirror, "holder" | "run">> {
  let names: string[];
  try {
    names = readdirSync(stateFolder).sort();
  } catch (error) {
    // Nothing was ever mirrored.
    if (codeOf(error) === "ENOENT") return [];
    const detail = `Cannot read the state folder "${stateFolder}": ${wordsOf(error)}. Make it readable, or give another with --state-dir`;
    throw new StateError("unusable", detail, { cause: error });
  }
  return names.flatMap((id) => {
    const directory = join(stateFolder, id);
    const status = readStatusFile(directory);
    return status.folder === undefined && !isOfMirror(directory) ? [] : [{ id, directory, status, profiles: [] }];
  });
}

/** Whether a folder is a mirror's although it does not say whose. */
function isOfMirror(directory: string): boolean {
  try {
    return readdirSync(directory).includes(MANIFEST_FILE);
  } catch (error) {
    // What cannot be looked into must not seem to be nothing.
    return codeOf(error) === "EACCES";
  }
}

/** Those that `name` may mean: a profile, an id from `miroir status`, or a folder; all without a name. */
export function mirrorsNamed(mirrors: readonly KnownMirror[], name: string | undefined): KnownMirror[] {
  if (name === undefined) return [...mirrors];
  let folder = resolve(name);
  try {
    folder = realpathSync(folder);
  } catch {
    // A folder that is gone keeps its name.
  }
  return mirrors.filter(
    ({ id, status, profiles }) =>
      profiles.includes(name) || id === name || status.folder === folder || status.folder === folder.toLowerCase(),
  );
}

/** The file by which another process asks a watch to end: Windows has no signal for it. */
export const STOP_FILE = "stop";

export function requestStop(mirror: KnownMirror): void {
  const file = join(mirror.directory, STOP_FILE);
  rmSync(file, { force: true });
  closeSync(openOwnFile(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL));
}
