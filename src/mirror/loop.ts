import type { Watcher } from "../detect/watch.ts";
import { SiteError } from "../remote/site.ts";
import { EXIT, type OutcomeCode, worstExit } from "../report/exit.ts";
import type { LogRecord } from "../report/log.ts";
import { REASONS } from "../report/reasons.ts";
import { deletionsWait } from "../report/text.ts";
import { failureOfPass } from "./codes.ts";
import type { MirrorParts } from "./parts.ts";
import type { Mirror, PassResult } from "./pass.ts";
import { delayMs } from "./retry.ts";

const LONGEST_BACKOFF_MS = 60_000;
/** A refused login is not tried often: servers lock accounts. */
const AFTER_REFUSED_LOGIN_MS = 15 * 60_000;
/** All of FOLDER is looked at this often, though events tell where to look. */
const SAFETY_SCAN_MS = 5 * 60_000;
/** FOLDER is left alone for so many times as long as a look at it took, but for what events tell. */
const REST_PER_SCAN = 10;
/** A look that took so long left much behind that the idle time needs not. */
const LARGE_SCAN_MS = 100;
/** What events tell is prepared for no earlier than so long before the next pass: what is prepared does not last. */
const FORESIGHT_MS = 3000;
/** A pause that lasted so much longer than meant: the machine slept, and its connections are dead. */
const SLEPT_MS = 30_000;

/** Codes that end a watch whose pair never completed a pass: something is wrong from the start. */
const HOPELESS_AT_FIRST: ReadonlySet<OutcomeCode> = new Set([EXIT.unreachable, EXIT.denied, EXIT.unsafe]);

/** One pass. */
export async function runSync(mirror: Mirror, parts: MirrorParts): Promise<PassResult> {
  const result = await mirror.pass();
  tellPass(parts, result);
  return result;
}

/**
 * Looks at each interval until somebody stops it. A pass is made when something may have changed, or is not finished,
 * and at a slow rhythm in any case: a change that came without an event ends the trust in events.
 * @returns the result that ended it, or undefined after a stop
 */
export async function runWatch(
  mirror: Mirror,
  parts: MirrorParts,
  intervalMs: number,
  watcher: Watcher,
): Promise<PassResult | undefined> {
  let errorsInARow = 0;
  let isLevel = false;
  let hasSlept = false;
  let wholeAtMs = Number.NEGATIVE_INFINITY;
  /** The earliest time to look again at what no event names: a large tree must not keep a processor busy. */
  let againAtMs = Number.NEGATIVE_INFINITY;
  while (!parts.isStopped()) {
    const now = parts.monotonicMs();
    const hasNews = watcher.polling === undefined && watcher.hasNews();
    const isUnfinished = (!isLevel || mirror.hasWork || watcher.polling !== undefined) && now >= againAtMs;
    const isSafetyDue = hasSlept || now - wholeAtMs >= SAFETY_SCAN_MS;
    if (!hasNews && !isUnfinished && !isSafetyDue) {
      hasSlept = await foresee(parts, mirror, watcher, intervalMs);
      continue;
    }
    const named = watcher.take();
    const isWhole = isSafetyDue || named === undefined;
    const result = await mirror.pass(isWhole ? undefined : named);
    if (isWhole) wholeAtMs = now;
    againAtMs = parts.monotonicMs() + REST_PER_SCAN * result.counts.scanMs;
    if (result.didOrFailed) tellPass(parts, result);
    if (parts.isStopped()) return undefined;
    if (!mirror.hasCompleted && HOPELESS_AT_FIRST.has(worstExit(result.codes))) return result;
    const isUnexpected = !hasNews && !isUnfinished && !hasSlept && result.counts.moved > 0;
    if (isUnexpected && !watcher.hasNews()) watcher.giveUp();
    isLevel = result.isLevel;
    errorsInARow = result.error ? errorsInARow + 1 : 0;
    if (isWhole && result.counts.scanMs > LARGE_SCAN_MS) parts.releaseMemory?.();
    const pauseMs = result.error ? backoffMs(result, errorsInARow, parts) : intervalMs;
    parts.progress?.rest(standing(result, pauseMs));
    hasSlept = result.error ? await pause(parts, pauseMs) : await foresee(parts, mirror, watcher, pauseMs);
  }
  return undefined;
}

function backoffMs(result: PassResult, errorsInARow: number, parts: MirrorParts): number {
  if (result.error instanceof SiteError && result.error.reason === "login" && result.error.kind === "fatal") {
    return AFTER_REFUSED_LOGIN_MS;
  }
  return Math.min(LONGEST_BACKOFF_MS, delayMs(errorsInARow + 1, parts.random));
}

/** How the mirror stands, in a few words for whoever looks on. */
function standing({ error, counts, codes }: PassResult, pauseMs: number): string {
  if (error) return `${REASONS[failureOfPass(error).reason]}, tried again in ${Math.ceil(pauseMs / 1000)} s`;
  if (counts.parked > 0) return `${deletionsWait(counts.parked)} for "miroir approve"`;
  if (counts.failed > 0) return `${counts.failed} not mirrored, tried again`;
  if (counts.pending > 0) return `${counts.pending} to be done`;
  return codes.length > 0 ? "not in sync" : "in sync, watching";
}

/** The time before the next pass. @returns whether the machine slept */
async function foresee(parts: MirrorParts, mirror: Mirror, watcher: Watcher, ms: number): Promise<boolean> {
  const blindMs = Math.max(0, ms - FORESIGHT_MS);
  const hasSlept = blindMs > 0 && (await pause(parts, blindMs));
  if (parts.isStopped()) return hasSlept;
  watcher.tell((name) => mirror.foresee(name));
  try {
    return (await pause(parts, ms - blindMs)) || hasSlept;
  } finally {
    watcher.tell(undefined);
  }
}

/** @returns whether the machine slept, or its clock was set: who knows what has happened meanwhile */
async function pause(parts: MirrorParts, ms: number): Promise<boolean> {
  const before = parts.now();
  await parts.sleep(ms);
  const lateMs = parts.now() - before - ms;
  const hasSlept = Math.abs(lateMs) > SLEPT_MS;
  if (hasSlept) await parts.site.close();
  return hasSlept;
}

function tellPass({ log }: MirrorParts, { counts, codes, error }: PassResult): void {
  const { uploaded, bytes, deleted, renamed, created, removed, touched, adopted, failed, pending, parked } = counts;
  const record: LogRecord = {
    event: "pass",
    uploaded,
    bytes,
    deleted,
    renamed,
    created,
    removed,
    touched,
    adopted,
    failed,
    pending,
    parked,
    ms: Math.round(counts.ms),
    ...(error && { reason: failureOfPass(error).reason }),
  };
  if (codes.length > 0) log.warn(record);
  else log.info(record);
}
