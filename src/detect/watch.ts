import { type FSWatcher, statfsSync, statSync, watch } from "node:fs";
import { placeIn } from "./scan.ts";
import type { RelPath } from "./tree.ts";

/** Tells where something may have changed in FOLDER. */
export interface Watcher {
  /** Whether there is anything to take. Notices too that another folder stands in FOLDER's place: no event tells that. */
  hasNews(): boolean;
  /** Paths that events named since the last time; undefined when it can be anywhere. */
  take(): ReadonlySet<RelPath> | undefined;
  /** From now on each name is told as it comes, and those first that wait to be taken. Undefined: no more. */
  tell(listener: ((name: string) => void) | undefined): void;
  /** Events are no longer believed. */
  giveUp(): void;
  /** Why every tick has to look for itself; undefined as long as events tell. */
  readonly polling: string | undefined;
  close(): void;
}

/** More names than this are not kept: to look everywhere costs no more. */
const MOST_NAMES = 10_000;

/** File systems whose changes other machines make unseen (statfs `f_type`): NFS, SMB, CIFS, SMB2, FUSE, 9P, Ceph, AFS. */
const REMOTE_FILE_SYSTEMS = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f,
]);

/**
 * Watches FOLDER by the system's events (inotify, FSEvents). An event names a path; what happened there is found by a
 * look, so that merged and repeated events do no harm.
 */
export function watchFolder(
  folder: string,
  { platform, follow }: { platform: NodeJS.Platform; follow: boolean },
  onPolling: (why: string) => void,
): Watcher {
  let named = new Set<RelPath>();
  let isAnywhere = true;
  let polling: string | undefined;
  let watcher: FSWatcher | undefined;
  let listener: ((name: string) => void) | undefined;
  /** Which folder is watched. */
  let place: string | undefined;

  function poll(why: string): void {
    if (polling !== undefined) return;
    polling = why;
    stop();
    onPolling(why);
  }

  function stop(): void {
    watcher?.close();
    watcher = undefined;
  }

  function take(name: string | null | undefined): void {
    // Without a name it is FOLDER itself, or more than the system could keep.
    if (typeof name !== "string" || name === "" || named.size >= MOST_NAMES) isAnywhere = true;
    else if (!isAnywhere) {
      named.add(name);
      listener?.(name);
    }
  }

  /** Where FOLDER is missing it is waited for. */
  function start(): void {
    isAnywhere = true;
    place = placeNow(folder);
    if (place === undefined) return;
    try {
      if (REMOTE_FILE_SYSTEMS.has(statfsSync(folder).type >>> 0)) return poll("FOLDER is on a network drive");
      watcher = watch(folder, { recursive: true, persistent: false }, (_, name) => take(name));
      watcher.on("error", (error: NodeJS.ErrnoException) => poll(reasonOf(error)));
    } catch (error) {
      poll(reasonOf(error as NodeJS.ErrnoException));
    }
  }

  if (platform === "win32") poll("events are not used on Windows yet");
  else if (follow) poll("what symbolic links point to is mirrored, and no event tells of it");
  else start();
  return {
    hasNews() {
      if (polling !== undefined) return true;
      if (place === undefined || placeNow(folder) !== place) {
        stop();
        start();
      }
      return isAnywhere || named.size > 0;
    },
    take() {
      const taken = isAnywhere || polling !== undefined ? undefined : named;
      named = new Set();
      isAnywhere = false;
      return taken;
    },
    tell(newListener) {
      listener = newListener;
      if (listener) for (const name of named) listener(name);
    },
    giveUp: () => poll("a change came without an event"),
    get polling() {
      return polling;
    },
    close: stop,
  };
}

function placeNow(folder: string): string | undefined {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat && placeIn(stat);
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC" || code === "EMFILE") return "the system's number of watches is used up";
  return message;
}
