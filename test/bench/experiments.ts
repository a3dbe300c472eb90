import { REAL_SERVERS } from "../servers/real.ts";
import type { Experiment } from "./experiment.ts";
import { firstSync } from "./first-sync.ts";
import { idleWatch } from "./idle-watch.ts";
import { largeFile } from "./large-file.ts";
import { noChange } from "./no-change.ts";
import { deletions, renames } from "./removals.ts";
import { savesAtDistance, savesNearby } from "./saves.ts";
import type { Size } from "./size.ts";
import { manyFiles, roundTrips, smallFiles } from "./small-files.ts";
import { start } from "./start.ts";

/** All that is measured, in the order of the table. */
export function experiments(size: Size): Experiment[] {
  return [
    ...REAL_SERVERS.map((kind) => smallFiles(kind, size)),
    ...REAL_SERVERS.map((kind) => roundTrips(kind, "off", size)),
    ...REAL_SERVERS.map((kind) => roundTrips(kind, "explicit", size)),
    ...REAL_SERVERS.map((kind) => manyFiles(kind, size)),
    ...REAL_SERVERS.map((kind) => deletions(kind, size)),
    ...REAL_SERVERS.map((kind) => renames(kind, size)),
    ...REAL_SERVERS.map((kind) => savesAtDistance(kind, size)),
    savesNearby(size),
    largeFile("vsftpd", "off", size),
    largeFile("proftpd", "explicit", size),
    start(size),
    firstSync(size),
    noChange(size),
    idleWatch(size),
  ];
}
