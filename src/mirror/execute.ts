import type { Intent, Step } from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import type { Action, Plan } from "../plan/plan.ts";
import type { Content, Operation, OperationResult, Site, SiteError } from "../remote/site.ts";
import { type Barred, barredBy, blockedFailure } from "./barred.ts";
import type { Failure, Outcome } from "./outcome.ts";
import { delayMs, isWorthRetrying, type Patience } from "./retry.ts";
import { uploadAll } from "./uploads.ts";

/** After so many entries in a row lost their connection with every retry, it is the site that is gone. */
export const LOST_IN_A_ROW = 3;

export interface ExecuteOptions extends Patience {
  site: Site;
  /** Opens a local file. @throws anything with the `reason` and `detail` of a Problem, as `failureOf` reads it */
  open(path: RelPath): Promise<Content>;
  /** Notes in the journal that steps are about to be asked for: until they are known to have ended they are in doubt. */
  begin(steps: Step[]): void;
  /** Notes that a step was refused: nothing happened. */
  ended(step: Step): void;
  /** Notes that nothing is left of it. */
  settled(id: string): void;
  /** What an earlier run or pass left half done of a large file. */
  unsettled?(path: RelPath): Intent | undefined;
  /** Notes in the journal what is about to be half done. */
  intend(intent: Intent): void;
  onOutcome(outcome: Outcome): void;
  onRetry(path: RelPath, error: SiteError, tryNumber: number): void;
  onProgress?(path: RelPath, sentBytes: number): void;
  /** A local failure as the log tells it; undefined for what is none. */
  localFailure(error: unknown): Failure | undefined;
}

/**
 * Carries a plan out, stage by stage, and reports an outcome for each step that was tried.
 * One bad entry does not stop the others.
 * @throws SiteError when the site itself is lost or refuses the login
 */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<void> {
  const barred: Barred = new Map();
  const losses: Losses = { inARow: 0, kinds: new Set() };
  const perform = (stage: Action[]) => performStage(stage, barred, losses, options);
  for (const stage of [plan.clear, plan.structure, plan.renames]) await perform(stage);
  await uploadAll(plan.uploads, barred, options);
  for (const stage of [plan.touches, plan.deletes]) await perform(stage);
  for (const action of plan.notes) options.onOutcome({ status: "done", action, ms: 0 });
}

/** Steps of this pass that lost their connection with every retry. */
interface Losses {
  inARow: number;
  kinds: Set<Operation["op"]>;
}

async function performStage(
  actions: readonly Action[],
  barred: Barred,
  losses: Losses,
  options: ExecuteOptions,
): Promise<void> {
  const { site, onOutcome } = options;
  const byOperation = new Map<Operation, Action>();
  const fail = (action: Action, failure: Failure) => {
    if (action.op === "mkdir" || action.op === "rename") barred.set(action.path, action.op);
    onOutcome({ status: "failed", action, failure });
  };
  for (const action of actions) {
    const cause = barredBy(action, barred);
    if (cause === "mkdir") fail(action, blockedFailure(action));
    if (cause) continue;
    const operation = operationOf(action);
    if (operation) byOperation.set(operation, action);
  }
  if (byOperation.size > 0) options.begin([...byOperation.keys()].map(stepOf));
  /** Asked for once without an answer: a refusal of the next try does not say that the first did nothing. */
  const unsure = new Set<Operation>();
  for (let tries = losses.inARow > 0 ? options.retries : 0; byOperation.size > 0 && !options.isStopped(); ) {
    let lost: SiteError | undefined;
    let startedAt = options.monotonicMs();
    const again: SiteError[] = [];
    const before = byOperation.size;
    const report = (operation: Operation, result: OperationResult) => {
      const action = byOperation.get(operation);
      if (!action) return;
      const now = options.monotonicMs();
      if (result.status === "failed" && isWorthRetrying(result.error) && tries < options.retries) {
        again.push(result.error);
        return;
      }
      byOperation.delete(operation);
      if (result.status === "failed") {
        if (!unsure.has(operation)) options.ended(stepOf(operation));
        fail(action, failureOf(result.error));
      } else if (result.status === "kept") onOutcome({ status: "kept", action });
      else onOutcome({ status: "done", action, ms: now - startedAt, undated: result.note === "undated" });
      startedAt = now;
    };
    try {
      await site.perform([...byOperation.keys()], report);
    } catch (error) {
      if (!isWorthRetrying(error)) throw error;
      lost = error;
      for (const operation of byOperation.keys()) unsure.add(operation);
      for (const operation of byOperation.keys()) if (operation.op === "rename") operation.unsettled = true;
    }
    const cause = lost ?? again[0];
    if (!cause || byOperation.size === 0) break;
    // As long as something gets through, the server is there.
    tries = byOperation.size < before ? 0 : tries + 1;
    if (byOperation.size < before) losses.inARow = 0;
    const [culprit] = byOperation;
    // What a server never answers it does not answer for the next name either.
    const patience = culprit && losses.kinds.has(culprit[0].op) ? 0 : options.retries;
    if (tries > (lost ? patience : options.retries)) {
      if (!lost || !culprit) break;
      // It is always the first one that costs the connection: the others are not made to wait for it.
      if (lost.reason === "unreachable" || ++losses.inARow >= LOST_IN_A_ROW) throw lost;
      losses.kinds.add(culprit[0].op);
      byOperation.delete(culprit[0]);
      fail(culprit[1], failureOf(lost));
      if (byOperation.size === 0) break;
      // When the next one is lost at once as well, it is probably not these steps: a silent site is not waited for long.
      tries = options.retries;
    }
    const [first] = byOperation.values();
    options.onRetry(first?.path ?? "", cause, Math.max(1, tries));
    // Whoever has waited for an answer in vain need not wait for the next try as well.
    if (cause.reason !== "timeout") await options.sleep(delayMs(tries, options.random));
  }
}

function stepOf(operation: Operation): Step {
  const { op, path } = operation;
  return operation.op === "rename" ? { op, path, from: operation.from } : { op, path };
}

function operationOf(action: Action): Operation | undefined {
  switch (action.op) {
    case "rename":
      return {
        op: "rename",
        from: action.from,
        path: action.path,
        isFolder: action.isFolder,
        ...(action.sizeBytes !== undefined && { sizeBytes: action.sizeBytes }),
      };
    case "touch":
      return { op: "touch", path: action.path, mtimeMs: action.entry.mtimeMs };
    case "mkdir":
    case "delete":
    case "rmdir":
      return { op: action.op, path: action.path };
    case "upload":
    case "note":
      return undefined;
    default:
      return action satisfies never;
  }
}

export function failureOf(error: SiteError): Failure {
  return { reason: error.reason, detail: error.message, code: error.code };
}
