import type { Reason } from "../report/reasons.ts";
import type { Outcome } from "./outcome.ts";

/** What one pass did, as its log line tells it. */
export interface Counts {
  uploaded: number;
  bytes: number;
  deleted: number;
  renamed: number;
  created: number;
  removed: number;
  touched: number;
  adopted: number;
  failed: number;
  /** Failures by a connection lost with every retry. */
  lost: number;
  /** Failures for want of a trusted encryption. */
  denied: number;
  /** Changes held back for a later pass. */
  pending: number;
  parked: number;
  /** Outcomes that changed the manifest. */
  moved: number;
  ms: number;
  /** Of them, the walk through FOLDER. */
  scanMs: number;
  add(outcome: Outcome): void;
}

const LOST: ReadonlySet<Reason> = new Set<Reason>(["connection", "timeout", "unreachable"]);

/** Whether a failure left the end of a step unknown. */
export const isLost = (reason: Reason) => LOST.has(reason);

export function createCounts(): Counts {
  return {
    uploaded: 0,
    bytes: 0,
    deleted: 0,
    renamed: 0,
    created: 0,
    removed: 0,
    touched: 0,
    adopted: 0,
    failed: 0,
    lost: 0,
    denied: 0,
    pending: 0,
    parked: 0,
    moved: 0,
    ms: 0,
    scanMs: 0,
    add(outcome) {
      if (outcome.status === "failed") {
        this.failed++;
        if (isLost(outcome.failure.reason)) this.lost++;
        if (outcome.failure.reason === "tls") this.denied++;
        return;
      }
      // What only the manifest learns is no movement.
      if (outcome.action.op === "note") return;
      if (outcome.status === "kept") return;
      this.moved++;
      switch (outcome.action.op) {
        case "upload":
          this.uploaded++;
          this.bytes += outcome.uploaded?.sizeBytes ?? 0;
          break;
        case "delete":
          this.deleted++;
          break;
        case "rename":
          this.renamed++;
          break;
        case "mkdir":
          this.created++;
          break;
        case "rmdir":
          this.removed++;
          break;
        case "touch":
          this.touched++;
          break;
        default:
          outcome.action satisfies never;
      }
    },
  };
}
