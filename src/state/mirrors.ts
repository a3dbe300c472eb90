import { readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LockHolder } from "./errors.ts";
import { lockHolder } from "./lock.ts";
import { readStatusFile, type Status } from "./status.ts";

/** One mirror as its state folder shows it to another process. */
export interface KnownMirror {
  /** The name of its folder in the state folder. */
  id: string;
  directory: string;
  status: Status;
  /** The process that mirrors now; "unknown" when it did not say who it is. */
  holder: LockHolder | "unknown" | undefined;
  /** The profile it belongs to, where there is one. */
  profile?: string | undefined;
}

/** Every mirror that has state on this machine, by name. */
export function knownMirrors(stateFolder: string): KnownMirror[] {
  let names: string[];
  try {
    names = readdirSync(stateFolder).sort();
  } catch {
    // Nothing was ever mirrored.
    return [];
  }
  return names.flatMap((id) => {
    const directory = join(stateFolder, id);
    const status = readStatusFile(directory);
    return status.folder === undefined ? [] : [{ id, directory, status, holder: lockHolder(directory) }];
  });
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
    ({ id, status, profile }) =>
      profile === name || id === name || status.folder === folder || status.folder === folder.toLowerCase(),
  );
}

/** The file by which another process asks a watch to end: Windows has no signal for it. */
export const STOP_FILE = "stop";

export function requestStop(mirror: KnownMirror): void {
  writeFileSync(join(mirror.directory, STOP_FILE), "", { mode: 0o600 });
}
