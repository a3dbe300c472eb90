import type { Change } from "../detect/diff.ts";
import { emptyManifest, type Manifest } from "../detect/manifest.ts";
import type { ScanOptions } from "../detect/scan.ts";
import type { Snapshot } from "../detect/tree.ts";
import { plan } from "../plan/plan.ts";
import { SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode, worstExit } from "../report/exit.ts";
import { adoptSite } from "./adoption.ts";
import { checkMounts, distrustOf } from "./belief.ts";
import { exitOf, isPassError, type PassError } from "./codes.ts";
import { foreignChanges } from "./foreign.ts";
import { look, settledScan } from "./look.ts";
import type { Memory } from "./memory.ts";
import { isFailedSkip } from "./notices.ts";
import type { MirrorParts } from "./parts.ts";
import { planLines } from "./plan-lines.ts";

export interface Preview {
  code: OutcomeCode;
  error?: PassError;
}

/**
 * Prints what a pass would do, and does none of it. Asks the site only when nothing is known of it, or when entries of
 * others are to be deleted.
 */
export async function preview(parts: MirrorParts, memory: Memory, show: (line: string) => void): Promise<Preview> {
  try {
    return { code: await printPlan(parts, memory, show) };
  } catch (error) {
    if (!isPassError(error)) throw error;
    return { code: exitOf(error), error };
  }
}

async function printPlan(parts: MirrorParts, memory: Memory, show: (line: string) => void): Promise<OutcomeCode> {
  const scan = parts.readScan();
  const snapshot = await settledScan(parts.folder, scan, parts.sleep);
  checkMounts(snapshot, memory.status);
  const known = memory.manifest ?? (await unlessMissing(() => adopted(parts, snapshot, scan), emptyManifest()));
  const changesOf = await look(parts.folder, snapshot, known, { scan, checksum: parts.checksum, now: parts.now });
  const foreign = parts.delete === "all" ? await unlessMissing(() => strangers(parts, snapshot, known, scan), []) : [];
  const planned = plan([...changesOf(new Set()), ...foreign], {
    delete: parts.delete,
    maxDelete: parts.maxDelete,
    knownEntries: known.files.size + known.folders.size,
    approved: memory.approved(),
    distrust: distrustOf(parts.folder, snapshot, known, memory.status, parts.delete === "all"),
  });
  const skips = [...snapshot.skipped.values()];
  const folders = new Set(foreign.flatMap(({ kind, path }) => (kind === "folder-removed" ? [path] : [])));
  const strange = new Set(foreign.map(({ path }) => path));
  const told = {
    plan: planned,
    isFolder: (path: string) => known.folders.has(path) || folders.has(path),
    isForeign: (path: string) => strange.has(path),
    problems: snapshot.problems,
    skips: skips.filter((skip) => skip.told),
  };
  for (const line of planLines(told)) show(line);
  const isIncomplete = snapshot.problems.length + planned.blocked.length > 0 || skips.some(isFailedSkip);
  return worstExit([...(planned.parked.length > 0 ? [EXIT.unsafe] : []), ...(isIncomplete ? [EXIT.incomplete] : [])]);
}

async function adopted(parts: MirrorParts, snapshot: Snapshot, scan: ScanOptions): Promise<Manifest> {
  await parts.site.open(false);
  return adoptSite(parts, snapshot, scan.follow);
}

async function strangers(
  parts: MirrorParts,
  snapshot: Snapshot,
  known: Manifest,
  scan: ScanOptions,
): Promise<Change[]> {
  await parts.site.open(false);
  return foreignChanges(parts, snapshot, known, scan, () => {});
}

/** A remote folder that is not there yet holds nothing: the run would make it. */
async function unlessMissing<T>(ask: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SiteError && error.reason === "missing") return nothing;
    throw error;
  }
}
