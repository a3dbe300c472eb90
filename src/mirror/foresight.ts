import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../detect/manifest.ts";
import type { ScanOptions } from "../detect/scan.ts";
import { isUnsafeName } from "../detect/scope.ts";
import type { Memory } from "./memory.ts";
import type { Opening } from "./opening.ts";
import type { Pauses } from "./pauses.ts";

/** What comes of an event, before a pass looks into it. */
export interface Foresight {
  /** Prepares the site when what an event named will probably have to be sent. */
  foresee(name: string): void;
  /** A pass has looked at FOLDER. */
  looked(scan: ScanOptions): void;
}

/** So many names in a row that lead to nothing, and no other is looked at before the next pass. */
const MOST_GLANCES = 100;

export function createForesight(folder: string, memory: Memory, pauses: Pauses, opening: Opening): Foresight {
  let scan: ScanOptions | undefined;
  let glances = 0;

  return {
    foresee(name) {
      if (!scan || !memory.manifest || opening.isPrepared || ++glances > MOST_GLANCES) return;
      if (!pauses.isPaused(scan.nameForSite(name)) && isToBeSent(folder, name, scan, memory.manifest)) {
        opening.prepare();
      }
    },
    looked(newScan) {
      scan = newScan;
      glances = 0;
    },
  };
}

/** Whether a name in FOLDER is in scope and stands for something else than the site is known to hold, by a glance. */
function isToBeSent(folder: string, name: string, scan: ScanOptions, manifest: Manifest): boolean {
  const path = scan.nameForSite(name);
  let stat: ReturnType<typeof lstatSync>;
  try {
    stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
  } catch {
    return false;
  }
  const isFolder = stat?.isDirectory() === true;
  if (!stat || !(isFolder || stat.isFile()) || isUnsafeName(path) || !scan.scope.isInside(path, isFolder)) return false;
  // New folders are made for files that come into them.
  if (isFolder) return !manifest.folders.has(path);
  const known = manifest.files.get(path);
  return known?.sizeBytes !== stat.size || known.mtimeMs !== stat.mtimeMs;
}
