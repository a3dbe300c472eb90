import { parentOf, type RelPath, upwards } from "../detect/tree.ts";
import type { Action } from "../plan/plan.ts";
import type { Failure } from "./outcome.ts";

/** Places that could not be made ready. A refused rename is planned anew in another way, and what waits for it too. */
export type Barred = Map<RelPath, "mkdir" | "rename">;

/** A step at or below a place that is not ready need not be tried. */
export function barredBy(action: Action, barred: Barred): "mkdir" | "rename" | undefined {
  if (barred.size === 0 || action.op === "delete" || action.op === "rmdir") return undefined;
  for (const above of upwards(action.path)) {
    const cause = barred.get(above);
    if (cause) return cause;
  }
  return undefined;
}

export function blockedFailure(action: Action): Failure {
  return { reason: "blocked", detail: `"${parentOf(action.path) || action.path}" is not ready on the server` };
}
