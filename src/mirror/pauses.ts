import { type RelPath, upwards } from "../detect/tree.ts";
import type { Action, Plan } from "../plan/plan.ts";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** An entry that fails is tried at a slowing rhythm; the others go on as ever. */
export interface Pauses {
  /** The plan without what is not due yet. */
  holdBack(planned: Plan): { plan: Plan; held: number };
  isPaused(path: RelPath): boolean;
  failed(path: RelPath): void;
  mended(path: RelPath): void;
}

export function createPauses(now: () => number, random: () => number): Pauses {
  const paused = new Map<RelPath, { failures: number; untilMs: number }>();
  const isPaused = (path: RelPath) => (paused.get(path)?.untilMs ?? 0) > now();

  return {
    isPaused,
    holdBack(planned) {
      if (paused.size === 0) return { plan: planned, held: 0 };
      let held = 0;
      // What lies in a folder that is not made yet waits with it.
      const heldFolders = new Set(planned.structure.filter(({ path }) => isPaused(path)).map(({ path }) => path));
      const waits = (path: RelPath) =>
        heldFolders.size > 0 && [...upwards(path)].some((above) => heldFolders.has(above));
      const isDue = ({ op, path }: Action) => {
        const isHeld = isPaused(path) || (op !== "delete" && op !== "rmdir" && waits(path));
        if (isHeld) held++;
        return !isHeld;
      };
      const stages = ["clear", "structure", "renames", "uploads", "touches", "deletes"] as const;
      const due: Plan = { ...planned };
      for (const stage of stages) due[stage] = planned[stage].filter(isDue);
      return { plan: due, held };
    },
    failed(path) {
      const failures = (paused.get(path)?.failures ?? 0) + 1;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.75 + random() / 2);
      paused.set(path, { failures, untilMs: now() + pauseMs });
    },
    mended(path) {
      paused.delete(path);
    },
  };
}
