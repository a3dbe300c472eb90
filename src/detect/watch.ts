import { type FSWatcher, statfsSync, watch } from "node:fs";

/** Tells whether anything may have changed in FOLDER. */
export interface Watcher {
  /** True after any event, and always once events cannot be had. */
  readonly isDirty: boolean;
  /** From now on only new events count. */
  forget(): void;
  /** Events are no longer believed. */
  giveUp(): void;
  /** Why every tick has to look for itself; undefined as long as events tell. */
  readonly polling: string | undefined;
  close(): void;
}

/** File systems whose changes other machines make unseen (statfs `f_type`): NFS, SMB, CIFS, SMB2, FUSE, 9P, Ceph, AFS. */
const REMOTE_FILE_SYSTEMS = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f,
]);

/**
 * Watches FOLDER by the system's events (inotify, FSEvents). Which file an event names does not matter: a lost or
 * merged event would only name too few.
 */
export function watchFolder(folder: string, platform: NodeJS.Platform, onPolling: (why: string) => void): Watcher {
  let isDirty = true;
  let polling: string | undefined;
  let watcher: FSWatcher | undefined;

  function poll(why: string): void {
    if (polling !== undefined) return;
    polling = why;
    watcher?.close();
    watcher = undefined;
    onPolling(why);
  }

  function start(): void {
    if (platform === "win32") return poll("events are not used on Windows yet");
    try {
      if (REMOTE_FILE_SYSTEMS.has(statfsSync(folder).type >>> 0)) return poll("FOLDER is on a network drive");
      watcher = watch(folder, { recursive: true, persistent: false }, () => {
        isDirty = true;
      });
      watcher.on("error", (error: NodeJS.ErrnoException) => poll(reasonOf(error)));
    } catch (error) {
      poll(reasonOf(error as NodeJS.ErrnoException));
    }
  }

  start();
  return {
    get isDirty() {
      return isDirty || polling !== undefined;
    },
    forget() {
      isDirty = false;
    },
    giveUp: () => poll("a change came without an event"),
    get polling() {
      return polling;
    },
    close() {
      watcher?.close();
      watcher = undefined;
    },
  };
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC" || code === "EMFILE") return "the system's number of watches is used up";
  return message;
}
