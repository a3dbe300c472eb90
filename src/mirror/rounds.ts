import { join } from "node:path";
import { openFile, ReadError } from "../detect/content.ts";
import type { Change } from "../detect/diff.ts";
import type { Manifest } from "../detect/manifest.ts";
import type { ScanOptions } from "../detect/scan.ts";
import { isAtOrBelow, type RelPath, type Snapshot } from "../detect/tree.ts";
import { type Action, isEmpty, type Plan, plan } from "../plan/plan.ts";
import type { SiteError } from "../remote/site.ts";
import type { Work } from "../report/progress.ts";
import { type Counts, isLost } from "./counts.ts";
import { settleDoubts } from "./doubts.ts";
import { execute } from "./execute.ts";
import type { Memory } from "./memory.ts";
import type { Notices } from "./notices.ts";
import { type Failure, folderShown, logRecordOf, type Outcome, recordsOf } from "./outcome.ts";
import type { MirrorParts } from "./parts.ts";
import type { Pauses } from "./pauses.ts";
import { keepSoundNames } from "./sound-names.ts";

type Rename = Action & { op: "rename" };

/** One pass between its scan and its end. */
export interface Rounds {
  parts: MirrorParts;
  memory: Memory;
  notices: Notices;
  pauses: Pauses;
  counts: Counts;
  scan: ScanOptions;
  snapshot: Snapshot;
  manifest: Manifest;
  distrust: "empty" | "device" | undefined;
  /** @param sessions how many will be of use */
  connect(sessions: number): Promise<void>;
  /** What is different now. @param unrenamable old paths the server refused to rename */
  changes(unrenamable: ReadonlySet<RelPath>): Change[];
  onRetry(path: RelPath, error: SiteError, tryNumber: number): void;
}

/**
 * Plans and carries out, again as long as an outcome asks for another plan: a refused rename becomes an upload and a
 * deletion, a folder that was not empty yet is removed after its files.
 * @throws SiteError, StateError
 */
export async function runRounds(rounds: Rounds): Promise<void> {
  const { parts, memory, pauses, counts, notices } = rounds;
  const unrenamable = new Set<RelPath>();
  const reported = new Set<RelPath>();
  const fail = (path: RelPath, failure: Failure) => {
    if (reported.has(path)) return;
    reported.add(path);
    counts.failed++;
    notices.failed(path, failure);
  };
  for (;;) {
    const planned = planNow(rounds, unrenamable, fail);
    const due = pauses.holdBack(planned);
    counts.pending = due.held;
    if (isEmpty(planned)) return;
    memory.status.oldestChangeAt ??= new Date(parts.now()).toISOString();
    if (isEmpty(due.plan)) return;
    if (!isEmpty({ ...due.plan, notes: [] })) await rounds.connect(due.plan.uploads.length);
    const sound = await keepSoundNames(due.plan, rounds.snapshot, memory, parts, rounds.onRetry);
    for (const [path, failure] of sound.failures) {
      pauses.failed(path);
      fail(path, failure);
    }
    for (const action of sound.ghosts) memory.record(recordsOf({ status: "done", action, ms: 0 }));
    const asksAgain = await carryOut(sound.plan, rounds, unrenamable);
    if (!asksAgain || parts.isStopped()) return;
  }
}

function planNow(
  rounds: Rounds,
  unrenamable: ReadonlySet<RelPath>,
  fail: (path: RelPath, failure: Failure) => void,
): Plan {
  const { parts, memory, notices, counts, manifest } = rounds;
  const planned = plan(rounds.changes(unrenamable), {
    delete: parts.delete,
    maxDelete: parts.maxDelete,
    knownEntries: manifest.files.size + manifest.folders.size,
    approved: memory.approved(),
    alreadyDeleted: counts.deleted + counts.removed,
    distrust: rounds.distrust,
  });
  counts.parked = planned.parked.length;
  memory.park(planned.parked);
  const shown = planned.parked.map((path) => (manifest.folders.has(path) ? folderShown(path) : path));
  if (shown.length > 0) notices.parked(shown, planned.parkedBecause ?? "max-delete");
  for (const path of planned.blocked) {
    const detail = `Cannot mirror "${path}": what stands in its place on the server may not be deleted (--delete none)`;
    fail(path, { reason: "blocked", detail });
  }
  return planned;
}

/** @returns whether an outcome asks for another plan */
async function carryOut(due: Plan, rounds: Rounds, unrenamable: Set<RelPath>): Promise<boolean> {
  const { parts, memory, pauses, notices, counts, scan, manifest } = rounds;
  let asksAgain = false;
  let moved = 0;
  const unanswered: { action: Rename; failure: Failure }[] = [];

  function uploadInstead({ path, from }: Rename, { reason, detail }: Failure): void {
    // It grows with each round, so the rounds end.
    unrenamable.add(from);
    asksAgain = true;
    const words = `${detail}. It is uploaded instead`;
    parts.log.warn({ event: "retry", path, from, reason, detail: words, terminal: false });
  }

  function settle(outcome: Outcome): void {
    const { action } = outcome;
    if (action.op !== "note")
      parts.progress?.settled(action.path, { isUpload: action.op === "upload", isDone: outcome.status === "done" });
    if (outcome.status === "failed" && action.op === "rename") {
      const { failure } = outcome;
      if (isLost(failure.reason)) unanswered.push({ action, failure });
      else uploadInstead(action, failure);
      return;
    }
    if (outcome.status === "kept" && holdsOurs(action.path, rounds)) {
      // Not of others, but of files of ours that could not be deleted yet: the folder stays ours.
      counts.pending++;
      asksAgain = true;
      return;
    }
    memory.record(recordsOf(outcome));
    counts.add(outcome);
    if (outcome.status === "kept") return notices.kept(action.path);
    if (outcome.status === "failed") {
      pauses.failed(action.path);
      notices.failed(action.path, outcome.failure);
      return;
    }
    moved++;
    pauses.mended(action.path);
    notices.mended(action.path);
    const line = logRecordOf(outcome);
    if (line) parts.log.info(line);
  }

  const refusedBefore = unrenamable.size;
  parts.progress?.planned(workOf(due));
  await execute(due, {
    ...parts,
    unsettled: memory.intentAt,
    open: async (path) => openFile(join(parts.folder, path), path, scan.follow),
    intend: (intent) => memory.record([{ op: "intend", intent }]),
    begin: (steps) => memory.record([{ op: "begin", steps }]),
    ended: ({ op, path }) => memory.record([{ op: "end", path, step: op }]),
    settled: (id) => memory.record([{ op: "settle", id }]),
    onOutcome: settle,
    onRetry: rounds.onRetry,
    onProgress: (path, sentBytes) => parts.progress?.sent(path, sentBytes),
    localFailure: (error) => (error instanceof ReadError ? error.problem : undefined),
  });
  // They may have happened: nothing else is tried before the server has been asked.
  for (const { action, failure } of parts.isStopped() ? [] : unanswered) {
    const { op, path, from } = action;
    const found = await settleDoubts([{ op, path, from }], [], manifest, parts.site, parts);
    if (found.some((record) => record.op === "move")) {
      settle({ status: "done", action, ms: 0 });
      // What waited for it was not tried.
      asksAgain = true;
      continue;
    }
    // The doubt stays: a slow server may still carry it out, and is asked again at the next connection.
    memory.record(found.filter((record) => record.op !== "end"));
    uploadInstead(action, failure);
  }
  return asksAgain && (moved > 0 || unrenamable.size > refusedBefore);
}

function workOf(due: Plan): Work {
  const uploads = new Map<RelPath, number>();
  for (const action of due.uploads) if (action.op === "upload") uploads.set(action.path, action.entry.sizeBytes);
  const { clear, structure, renames, touches, deletes } = due;
  return { uploads, steps: [clear, structure, renames, touches, deletes].reduce((sum, { length }) => sum + length, 0) };
}

/** Whether the site still holds, below a folder that is to go, entries of ours that are to go as well. */
function holdsOurs(folder: RelPath, { manifest, memory, snapshot, scan }: Rounds): boolean {
  // A temporary file that the server would not delete yet.
  for (const { temporary, aside } of memory.intents.values()) {
    if (isAtOrBelow(temporary, folder) || (aside !== undefined && isAtOrBelow(aside, folder))) return true;
  }
  for (const path of manifest.folders) {
    if (path !== folder && isAtOrBelow(path, folder) && !snapshot.folders.has(path) && scan.scope.isInside(path, true))
      return true;
  }
  for (const path of manifest.files.keys()) {
    if (path !== folder && isAtOrBelow(path, folder) && !snapshot.files.has(path) && scan.scope.isInside(path, false))
      return true;
  }
  return false;
}
