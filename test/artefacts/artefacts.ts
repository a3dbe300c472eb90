import { join } from "node:path";
import { archiveName, executableName, type Target } from "../../src/build/targets.ts";
import { requireFresh } from "../e2e/program.ts";

export const DIST = join(import.meta.dir, "..", "..", "dist");

const COMMAND = "bun build.ts --all";

/** What `bun build.ts --all` made for others. Throws when it is missing or older than the sources. */
export function builtExecutable(target: Target): string {
  return fresh(executableName(target, process.platform));
}

export function builtArchive(target: Target): string {
  return fresh(archiveName(target));
}

function fresh(name: string): string {
  const file = join(DIST, name);
  requireFresh(file, COMMAND);
  return file;
}
