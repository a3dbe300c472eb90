import type { Action } from "../plan/plan.ts";
import { SiteError, type Uploaded, type UploadJob } from "../remote/site.ts";
import { type Barred, barredBy, blockedFailure } from "./barred.ts";
import { type ExecuteOptions, failureOf, LOST_IN_A_ROW } from "./execute.ts";
import { delayMs, isWorthRetrying } from "./retry.ts";

/** After so many files in a row found no space, it is the server that is full: the rest waits for the next pass. */
const FULL_IN_A_ROW = 2;
const LARGE_BYTES = 1024 * 1024;

type Upload = Action & { op: "upload" };

/** A file under way, or waiting for another try. */
interface Attempt {
  action: Upload;
  job: UploadJob;
  tries: number;
  startedAtMs: number;
  dueAtMs: number;
}

/**
 * Uploads by as many workers as the site takes sessions; each takes the next file when it has finished one, and
 * the large ones are begun first, so that no session idles at the end.
 * @throws SiteError when the site itself is lost or refuses the login
 */
export async function uploadAll(actions: readonly Action[], barred: Barred, options: ExecuteOptions): Promise<void> {
  const { site, onOutcome } = options;
  const attempts = new Map<UploadJob, Attempt>();
  const again: Attempt[] = [];
  const { small, large } = queuesOf(actions);
  let lostInARow = 0;
  let fullInARow = 0;
  let fatal: unknown;

  const isOver = () => fatal !== undefined || fullInARow >= FULL_IN_A_ROW || options.isStopped();

  function take(prefersLarge: boolean): UploadJob | undefined {
    if (isOver()) return undefined;
    const now = options.monotonicMs();
    const due = again.findIndex((attempt) => attempt.dueAtMs <= now);
    const [retried] = due < 0 ? [] : again.splice(due, 1);
    if (retried) return retried.job;
    const [first, second] = prefersLarge ? [large, small] : [small, large];
    for (let action = first.pop() ?? second.pop(); action; action = first.pop() ?? second.pop()) {
      const cause = barredBy(action, barred);
      if (cause === "mkdir") onOutcome({ status: "failed", action, failure: blockedFailure(action) });
      if (cause) continue;
      const job = jobFor(action, options);
      attempts.set(job, { action, job, tries: 0, startedAtMs: now, dueAtMs: now });
      return job;
    }
    return undefined;
  }

  function report(job: UploadJob, result: Uploaded | Error): void {
    const attempt = attempts.get(job);
    if (!attempt) return;
    if (!(result instanceof Error)) {
      attempts.delete(job);
      lostInARow = 0;
      fullInARow = 0;
      const ms = options.monotonicMs() - attempt.startedAtMs;
      return onOutcome({ status: "done", action: attempt.action, ms, uploaded: result });
    }
    if (isWorthRetrying(result) && attempt.tries < options.retries && !options.isStopped()) {
      attempt.tries++;
      attempt.dueAtMs = options.monotonicMs() + delayMs(attempt.tries - 1, options.random);
      again.push(attempt);
      return options.onRetry(job.path, result, attempt.tries);
    }
    attempts.delete(job);
    fail(attempt.action, result);
  }

  function fail(action: Upload, error: Error): void {
    const failure = options.localFailure(error) ?? (error instanceof SiteError ? failureOf(error) : undefined);
    const reason = error instanceof SiteError ? error.reason : undefined;
    fullInARow = reason === "full" ? fullInARow + 1 : 0;
    lostInARow = reason === "connection" || reason === "timeout" ? lostInARow + 1 : 0;
    const isSiteLost = error instanceof SiteError && (error.kind === "fatal" || reason === "unreachable");
    if (!failure || isSiteLost || lostInARow >= LOST_IN_A_ROW) fatal ??= error;
    else if (!options.isStopped()) onOutcome({ status: "failed", action, failure });
  }

  async function work(prefersLarge: boolean): Promise<void> {
    const next = () => take(prefersLarge);
    for (let refusals = 0; !isOver(); ) {
      const isWaiting = small.length + large.length > 0;
      const waitMs = isWaiting ? 0 : Math.min(...again.map(({ dueAtMs }) => dueAtMs - options.monotonicMs()));
      if (waitMs === Number.POSITIVE_INFINITY) return;
      if (waitMs > 0) await options.sleep(waitMs);
      try {
        await site.uploads(next, report);
        refusals = 0;
      } catch (error) {
        // No session could be had.
        if (!isWorthRetrying(error) || refusals >= options.retries) fatal ??= error;
        else {
          options.onRetry("", error, ++refusals);
          await options.sleep(delayMs(refusals, options.random));
        }
      }
    }
  }

  const workers = Math.min(site.parallel, actions.length);
  await Promise.all(Array.from({ length: workers }, (_, index) => work(index === 0 && workers > 1)));
  if (fatal !== undefined) throw fatal;
}

/**
 * Small files by path, and large ones by size: one session begins with the largest, so that none of them is begun last,
 * while the others see to the small ones, which nobody wants to wait behind them. The next is at the end of each.
 */
function queuesOf(actions: readonly Action[]): { small: Upload[]; large: Upload[] } {
  const uploads = actions.filter((action): action is Upload => action.op === "upload");
  const isLarge = ({ entry }: Upload) => entry.sizeBytes >= LARGE_BYTES;
  return {
    small: uploads.filter((upload) => !isLarge(upload)).reverse(),
    large: uploads.filter(isLarge).sort((one, other) => one.entry.sizeBytes - other.entry.sizeBytes),
  };
}

function jobFor(action: Upload, options: ExecuteOptions): UploadJob {
  const { path } = action;
  const unsettled = options.unsettled?.(path);
  return {
    path,
    ...(action.why === "changed" && { replaces: true }),
    ...(unsettled && { unsettled }),
    open: () => options.open(path),
    intend: (intent) => options.intend({ ...intent, path }),
    settled: options.settled,
    overwriting: () => options.begin([{ op: "upload", path }]),
    ...(options.onProgress && { onProgress: (sentBytes: number) => options.onProgress?.(path, sentBytes) }),
  };
}
