import type { RelPath } from "../detect/tree.ts";
import type { Action } from "./plan.ts";

export type MaxDelete =
  | { kind: "count"; count: number }
  | { kind: "percent"; percent: number; floor: number }
  | { kind: "none" };

/** What a plan may delete. */
export interface Policy {
  delete: "tracked" | "all" | "none";
  maxDelete: MaxDelete;
  /** Files and folders the site is known to hold: what a percentage is of. */
  knownEntries: number;
  /** Deletions a person has let go: they count no more. */
  approved: ReadonlySet<RelPath>;
  /** Deletions that an earlier plan of the same pass has carried out. */
  alreadyDeleted?: number;
  /** Set when the folder itself is not to be believed: nothing is deleted without approval. */
  distrust?: "empty" | "device" | undefined;
}

export interface Guarded {
  /** Deletions that are not carried out. */
  dropped: ReadonlySet<Action>;
  /** Those of them that wait for approval. */
  parked: RelPath[];
  because: "max-delete" | "empty" | "device" | undefined;
}

/** Decides over the deletions of a plan: all or none of those not approved. */
export function applyGuards(deletions: readonly Action[], policy: Policy): Guarded {
  if (policy.delete === "none") return { dropped: new Set(deletions), parked: [], because: undefined };
  const open = deletions.filter((action) => !policy.approved.has(action.path));
  const because =
    open.length === 0
      ? undefined
      : (policy.distrust ?? (exceeds(open.length + (policy.alreadyDeleted ?? 0), policy) ? "max-delete" : undefined));
  if (!because) return { dropped: new Set(), parked: [], because: undefined };
  return { dropped: new Set(open), parked: open.map((action) => action.path).sort(), because };
}

function exceeds(count: number, { maxDelete, knownEntries }: Policy): boolean {
  switch (maxDelete.kind) {
    case "none":
      return false;
    case "count":
      return count > maxDelete.count;
    case "percent":
      return count > maxDelete.floor && count > (maxDelete.percent / 100) * knownEntries;
    default:
      return maxDelete satisfies never;
  }
}
