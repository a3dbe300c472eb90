import { isRacy } from "../detect/content.ts";
import type { JournalRecord, ManifestEntry } from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import type { Action } from "../plan/plan.ts";
import type { Uploaded } from "../remote/site.ts";
import type { LogRecord } from "../report/log.ts";
import type { Reason } from "../report/reasons.ts";

export interface Failure {
  reason: Reason;
  detail: string;
  code?: number | undefined;
}

/** How one step of a plan ended. */
export type Outcome =
  | { status: "done"; action: Action; ms: number; uploaded?: Uploaded; undated?: boolean }
  /** A folder that holds entries of others: left standing, and no longer ours. */
  | { status: "kept"; action: Action }
  | { status: "failed"; action: Action; failure: Failure };

/** What the journal learns from an outcome. */
export function recordsOf(outcome: Outcome): JournalRecord[] {
  const { action } = outcome;
  if (outcome.status === "failed") return [];
  if (outcome.status === "kept") return [{ op: "unfolder", path: action.path }];
  switch (action.op) {
    case "mkdir":
      return [{ op: "folder", path: action.path }];
    case "rename":
      return movedRecords(action);
    case "upload": {
      const { uploaded } = outcome;
      if (!uploaded) return [];
      return [{ op: "put", path: action.path, entry: entryOf(uploaded), settles: uploaded.id }];
    }
    case "touch":
      // Hashed before it was dated here, so a later edit may bear the same time: the next pass looks again.
      return [
        {
          op: "put",
          path: action.path,
          entry: { ...action.entry, racy: true, ...(outcome.undated && { undated: true }) },
        },
      ];
    case "note":
      return [{ op: "put", path: action.path, entry: action.entry }];
    case "delete":
      return [{ op: "drop", path: action.path }];
    case "rmdir":
      return [{ op: "unfolder", path: action.path }];
    default:
      return action satisfies never;
  }
}

function movedRecords({ from, path, entry }: Action & { op: "rename" }): JournalRecord[] {
  const move: JournalRecord = { op: "move", from, to: path };
  return entry?.racy ? [move, { op: "put", path, entry }] : [move];
}

function entryOf({ mtimeMs, sizeBytes, sha1, dated, readAtMs }: Uploaded): ManifestEntry {
  return {
    mtimeMs,
    sizeBytes,
    sha1,
    ...(isRacy(mtimeMs, readAtMs) && { racy: true as const }),
    ...(!dated && { undated: true as const }),
  };
}

/** The log line of an outcome; none for what only the manifest learns. */
export function logRecordOf(outcome: Outcome): LogRecord | undefined {
  const { action } = outcome;
  if (action.op === "note") return undefined;
  const path = shown(action);
  const from = action.op === "rename" ? { from: action.isFolder ? `${action.from}/` : action.from } : {};
  switch (outcome.status) {
    case "failed": {
      const { reason, detail, code } = outcome.failure;
      return { event: "fail", path, ...from, reason, detail, ...(code !== undefined && { code }) };
    }
    case "kept":
      return undefined;
    case "done": {
      const ms = Math.round(outcome.ms);
      if (action.op !== "upload") return { event: action.op, path, ...from, ms };
      const { sizeBytes = 0, sha1 } = outcome.uploaded ?? {};
      return { event: "upload", path, bytes: sizeBytes, ms, ...(sha1 && { sha1 }) };
    }
    default:
      return outcome satisfies never;
  }
}

function shown(action: Action): string {
  const isFolder = action.op === "mkdir" || action.op === "rmdir" || (action.op === "rename" && action.isFolder);
  return isFolder ? folderShown(action.path) : action.path;
}

export function folderShown(path: RelPath): string {
  return `${path}/`;
}
