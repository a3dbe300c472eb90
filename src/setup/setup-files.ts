import { realpathSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../options/usage-error.ts";
import { exposureOf } from "../process/file-access.ts";
import { wordsOf } from "../report/system-error.ts";
import { makeFolders } from "../state/disk.ts";
import { replaceWhole, writeNew } from "../state/replacement.ts";

/** For their owner alone, and safely on the disk. */
const OWN = { mode: 0o600, sync: true, isPrivate: true };

/** What is written beside each other, both or none. */
export interface SetupFiles {
  /** The configuration file and its new text. */
  configFile: string;
  text: string;
  /** Its folder is made: it may be the one of the state, which no run has made yet. */
  logFile: string | undefined;
  password: { file: string; text: string; replaces: boolean } | undefined;
}

/**
 * Writes the password into a file of its own, then the configuration file, each in one step and readable by their owner
 * alone; an existing configuration file keeps its permissions. @throws UsageError, and then nothing is left behind
 */
export function writeSetup({ configFile, text, logFile, password }: SetupFiles): void {
  const undo: Array<() => void> = [];
  try {
    for (const file of [configFile, ...(logFile === undefined ? [] : [logFile])]) {
      const firstMade = attempt("create the folder of", file, () => makeFolders(dirname(file)));
      if (firstMade !== undefined) undo.push(() => rmSync(firstMade, { recursive: true }));
    }
    if (password !== undefined) {
      const { file, replaces } = password;
      attempt("write the password file", file, () => {
        if (replaces) return replaceWhole(file, password.text, OWN);
        writeNew(file, password.text, OWN);
        undo.push(() => rmSync(file, { force: true }));
      });
    }
    // A link, as those who keep their settings elsewhere have it, stays one.
    const real = realOr(configFile);
    const mode = statSync(real, { throwIfNoEntry: false })?.mode ?? 0o600;
    const isPrivate = exposureOf(real, mode) === undefined;
    attempt("write the configuration file", configFile, () =>
      replaceWhole(real, text, { mode: mode & 0o777, sync: true, isPrivate }),
    );
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

function attempt<T>(action: string, file: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const words = (cause as NodeJS.ErrnoException).code === "EEXIST" ? "it exists already" : wordsOf(cause);
    throw new UsageError(`Cannot ${action} "${file}": ${words}. Nothing was written`, undefined, { cause });
  }
}

function realOr(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
