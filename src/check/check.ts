import { emptyManifest, type Manifest } from "../detect/manifest.ts";
import type { ScanOptions } from "../detect/scan.ts";
import type { RelPath } from "../detect/tree.ts";
import { checkMounts, distrustOf } from "../mirror/belief.ts";
import { isPassError } from "../mirror/codes.ts";
import { settledScan } from "../mirror/look.ts";
import { batchesOf, inParallel } from "../mirror/parallel.ts";
import type { Patience } from "../mirror/retry.ts";
import { type ReadableSite, SiteError } from "../remote/site.ts";
import type { Status } from "../state/status.ts";
import { compare, type Known, timedFiles } from "./compare.ts";
import { compareContents } from "./contents.ts";
import { type CheckReport, emptyReport } from "./report.ts";
import { BATCH, lookAtSite, retrying, type SiteLook } from "./site-look.ts";

export interface CheckParts {
  /** Real, absolute path of FOLDER. */
  folder: string;
  /** @throws FolderError */
  readScan(): ScanOptions;
  site: ReadableSite;
  /** What the site is known to hold; undefined before a first pass. */
  manifest: Manifest | undefined;
  /** Read for what was remembered of FOLDER's disks; what is learnt is not kept. */
  status: Status;
  delete: Known["delete"];
  checksum: boolean;
  patience: Patience;
}

/** Compares FOLDER with the site and changes neither. Nothing is thrown but bugs: the report says what ended it. */
export async function check(parts: CheckParts): Promise<CheckReport> {
  const report = emptyReport();
  try {
    await run(parts, report);
  } catch (error) {
    if (!isPassError(error)) throw error;
    report.failure = error;
  }
  const byPath = (one: { path: string }, other: { path: string }) =>
    one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
  report.differences.sort(byPath);
  report.unchecked.sort(byPath);
  report.leftovers.sort();
  return report;
}

async function run(parts: CheckParts, report: CheckReport): Promise<void> {
  const { folder, site, status, patience } = parts;
  const manifest = parts.manifest ?? emptyManifest();
  const scan = parts.readScan();
  const snapshot = await settledScan(folder, scan, patience.sleep);
  checkMounts(snapshot, status);
  const distrust = distrustOf(folder, snapshot, manifest, status);
  if (distrust) report.distrust = distrust;
  const known: Known = { manifest, scope: scan.scope, delete: parts.delete };
  const wanted = new Set([...snapshot.folders, ...snapshot.files.keys()]);
  for (const path of manifest.folders) if (scan.scope.isInside(path, true)) wanted.add(path);
  for (const path of manifest.files.keys()) if (scan.scope.isInside(path, false)) wanted.add(path);
  const enters = (path: RelPath) => wanted.has(path) || (parts.delete === "all" && scan.scope.isInside(path, true));
  const look = (await isThere(parts, report)) ? await lookAtSite(site, [...wanted], enters, patience) : nothing();
  report.leftovers = look.leftovers;
  await askTimes(timedFiles(snapshot, known, look), look, site, patience);
  const same = compare(snapshot, known, look, report);
  if (parts.checksum) await compareContents(same, look, { folder, follow: scan.follow, site, patience }, report);
}

/** Whether the remote folder is there. One that was there before is a failure beside all that is missing now. */
async function isThere({ site, patience, status }: CheckParts, report: CheckReport): Promise<boolean> {
  try {
    await retrying(() => site.open(false), patience);
    return true;
  } catch (error) {
    if (!(error instanceof SiteError) || error.reason !== "missing") throw error;
    if (status.completedPassAt !== undefined) report.failure = error;
    report.differences.push({ path: "", kind: "missing", local: { type: "folder" } });
    return false;
  }
}

function nothing(): SiteLook {
  return { found: new Map(), unlisted: new Set(), unanswered: new Map(), leftovers: [] };
}

async function askTimes(
  paths: readonly RelPath[],
  { found }: SiteLook,
  site: ReadableSite,
  patience: Patience,
): Promise<void> {
  const untold = paths.filter((path) => found.get(path)?.mtimeMs === undefined);
  await inParallel(batchesOf(untold, BATCH), site.parallel, async (batch) => {
    const times = await retrying(() => site.times(batch), patience);
    for (const [path, mtimeMs] of times) {
      const entry = found.get(path);
      if (entry) found.set(path, { ...entry, mtimeMs });
    }
  });
}
