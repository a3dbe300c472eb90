import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { RelPath } from "../detect/tree.ts";
import { readOwnFile, replaceFile } from "./disk.ts";

const PARKED_FILE = "parked.json";
const APPROVED_FILE = "approved.json";

/** Deletions that wait, and those a person has let go, across processes by the mirror's folder. */
export interface Approval {
  /** Remembers what waits now. Throws StateError "disk". */
  park(paths: readonly RelPath[]): void;
  parked(): RelPath[];
  approved(): RelPath[];
  /** Lets go exactly what is parked. @returns how many deletions that are */
  approve(): number;
  /** What was approved has been carried out: the approval ends with it. */
  done(): void;
}

export function createApproval(directory: string): Approval {
  const parkedFile = join(directory, PARKED_FILE);
  const approvedFile = join(directory, APPROVED_FILE);
  let last: string | undefined;

  return {
    park(paths) {
      const list = JSON.stringify(paths);
      if (list === last) return;
      if (paths.length > 0) replaceFile(directory, PARKED_FILE, list, { sync: false });
      else rmSync(parkedFile, { force: true });
      last = list;
    },
    parked: () => readPaths(parkedFile),
    approved: () => readPaths(approvedFile),
    approve() {
      const count = readPaths(parkedFile).length;
      if (count > 0) renameSync(parkedFile, approvedFile);
      return count;
    },
    done() {
      rmSync(approvedFile, { force: true });
    },
  };
}

/** Missing or damaged: nothing. */
function readPaths(file: string): RelPath[] {
  try {
    const value: unknown = JSON.parse(readOwnFile(file).toString("utf8"));
    return Array.isArray(value) ? value.filter((path): path is string => typeof path === "string") : [];
  } catch {
    return [];
  }
}
