import { REAL_SERVERS } from "../servers/real.ts";
import type { Experiment } from "./experiment.ts";
import type { Size } from "./size.ts";
import { manyFiles, roundTrips, smallFiles } from "./small-files.ts";

/** All that is measured, in the order of the table. */
export function experiments(size: Size): Experiment[] {
  return [
    ...REAL_SERVERS.map((kind) => smallFiles(kind, size)),
    ...REAL_SERVERS.map((kind) => roundTrips(kind, "off", size)),
    ...REAL_SERVERS.map((kind) => roundTrips(kind, "explicit", size)),
    ...REAL_SERVERS.map((kind) => manyFiles(kind, size)),
  ];
}
