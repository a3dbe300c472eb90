import { Database, constants as sqlite } from "bun:sqlite";
import { closeSync, constants, lstatSync, realpathSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { codeOf, wordsOf } from "../report/system-error.ts";
import { makePrivateFolder, openOwnFile, replaceFile, WRITABLE_REMEDY } from "./disk.ts";
import { LockedError, type LockHolder, StateError } from "./errors.ts";
import { readSmallJson } from "./status.ts";

export interface Lock {
  release(): void;
}

const LOCK_FILE = "lock.db";
const OWNER_FILE = "owner.json";

// On POSIX a lock belongs to the process: a second acquisition in it could succeed, and its end would drop the first.
// It also keeps the connection alive when nobody keeps the Lock: one that is garbage collected lets its lock go.
const heldHere = new Map<string, Database | undefined>();

/**
 * Locks one mirror's folder, created when missing, for this process. The operating system holds the lock, by way of SQLite, so that it ends
 * with the process however that ends. Throws LockedError when it is held, StateError "unusable" where nothing can be
 * locked.
 */
export async function acquireLock(directory: string): Promise<Lock> {
  makePrivateFolder(directory);
  const place = realpathSync(directory);
  if (heldHere.has(place)) throw new LockedError(place, readHolder(place));
  heldHere.set(place, undefined);
  try {
    makeLockFile(join(place, LOCK_FILE));
    // A status command looking on holds its shared lock for an instant: that is not another mirror.
    for (let attempt = 1; ; attempt++) {
      const database = tryLock(place, "BEGIN EXCLUSIVE");
      if (database) return hold(database, place);
      if (attempt === 3) throw new LockedError(place, readHolder(place));
      await Bun.sleep(20);
    }
  } catch (error) {
    heldHere.delete(place);
    throw error;
  }
}

/** The present holder of a folder's lock: undefined when nobody holds it, "unknown" when it did not say who it is. */
export function lockHolder(directory: string): LockHolder | "unknown" | undefined {
  try {
    const place = realpathSync(directory);
    if (heldHere.has(place)) return readHolder(place) ?? "unknown";
    lstatSync(join(place, LOCK_FILE));
    const database = tryLock(place, "SELECT count(*) FROM sqlite_schema");
    if (!database) return readHolder(place) ?? "unknown";
    database.close();
  } catch {
    // No such folder, or no lock was ever taken in it.
  }
  return undefined;
}

function hold(database: Database, place: string): Lock {
  heldHere.set(place, database);
  const owner: LockHolder = { pid: process.pid, startedAt: new Date().toISOString(), host: hostname() };
  try {
    replaceFile(place, OWNER_FILE, JSON.stringify(owner), { sync: false });
  } catch {
    // It only serves messages: a full disk does not forbid to mirror.
  }
  return {
    release() {
      if (heldHere.get(place) !== database) return;
      heldHere.delete(place);
      rmSync(join(place, OWNER_FILE), { force: true });
      // lock.db stays: to remove it while another process opens it would let two hold "the" lock.
      database.close();
    },
  };
}

/** SQLite would let everybody read it. Not while a lock of this process is in it: closing the file would end the lock. */
function makeLockFile(file: string): void {
  try {
    closeSync(openOwnFile(file, constants.O_RDWR | constants.O_CREAT));
  } catch (error) {
    throw cannotLock(file, error);
  }
}

function tryLock(place: string, statement: string): Database | undefined {
  const file = join(place, LOCK_FILE);
  let database: Database | undefined;
  try {
    database = new Database(file, sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_NOFOLLOW);
    database.run("PRAGMA busy_timeout = 0");
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run(statement);
    return database;
  } catch (error) {
    database?.close();
    if (codeOf(error).startsWith("SQLITE_BUSY") || codeOf(error).startsWith("SQLITE_LOCKED")) return undefined;
    throw cannotLock(file, error);
  }
}

function cannotLock(file: string, cause: unknown): StateError {
  const isForbidden = /^(EACCES|EPERM|EROFS|SQLITE_(READONLY|PERM))/.test(codeOf(cause));
  const remedy = isForbidden ? WRITABLE_REMEDY : "Choose a folder on a local disk with --state-dir";
  return new StateError("unusable", `Cannot lock "${file}": ${wordsOf(cause)}. ${remedy}`, { cause });
}

function readHolder(place: string): LockHolder | undefined {
  const { pid, startedAt, host } = readSmallJson(join(place, OWNER_FILE));
  if (typeof pid !== "number" || typeof startedAt !== "string" || typeof host !== "string") return undefined;
  return { pid, startedAt, host };
}
