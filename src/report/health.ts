import type { KnownMirror } from "../state/mirrors.ts";
import type { Run } from "../state/run.ts";
import { EXIT, EXIT_MEANINGS, type ExitCode } from "./exit.ts";
import { REASONS, type Reason } from "./reasons.ts";
import { deletionsWait } from "./text.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A run writes at least each minute that it is alive. */
const SILENT_MS = 3 * MINUTE_MS;
/** A change that is not on the site for so long is no longer one that is just being sent. */
const LAG_MS = 10 * MINUTE_MS;
/** A mirror that nobody looked at for so long may be anything by now. */
const OVERDUE_MS = 24 * HOUR_MS;
/** Runs this near to each other, in proportion, come by a schedule. */
const REGULAR = 1.5;
const MISSED_RUNS = 3;

/** Why a mirror cannot be called well, the worst first; none when the site is known to be like FOLDER. */
export function problemsOf(mirror: KnownMirror, now: Date): string[] {
  const { status, run, holder } = mirror;
  const since = (iso: string | undefined) => (iso === undefined ? 0 : now.getTime() - Date.parse(iso));
  const problems: string[] = [];
  if (status.folder === undefined) return ["its state cannot be read"];
  const { failure, pending = 0, failing = 0, parked = 0 } = status;
  if (holder === undefined && run !== undefined && run.endedAt === undefined) {
    problems.push(`killed or crashed, last alive ${ago(run.aliveAt, now)}`);
  }
  if (holder !== undefined && since(run?.aliveAt ?? status.lastPassAt) > SILENT_MS) {
    problems.push(`no sign of life since ${ago(run?.aliveAt ?? status.lastPassAt ?? "", now)}`);
  }
  if (failure !== undefined) problems.push(Object.hasOwn(REASONS, failure) ? REASONS[failure as Reason] : failure);
  if (failing > 0) problems.push(`${failing} failing`);
  if (parked > 0) problems.push(mirror.isApproved ? goNext(parked) : `${deletionsWait(parked)} for "miroir approve"`);
  if (pending > 0) problems.push(`${pending} pending`);
  if (since(status.oldestChangeAt) > LAG_MS) {
    problems.push(`the oldest change is not on the site since ${ago(status.oldestChangeAt ?? "", now)}`);
  }
  if (holder === undefined && since(status.completedPassAt) > overdueAfterMs(run?.starts ?? [])) {
    problems.push("nobody looked for too long");
  }
  if (problems.length === 0 && holder === undefined && run?.exit !== undefined && run.exit !== EXIT.ok) {
    problems.push(`the last run ended with code ${run.exit} (${EXIT_MEANINGS[run.exit as ExitCode] ?? "unknown"})`);
  }
  if (status.completedPassAt === undefined) {
    problems.push(run === undefined && holder === undefined ? "never run" : "no pass was ever completed");
  }
  return problems;
}

function goNext(count: number): string {
  return count === 1
    ? "1 deletion is approved and goes with the next pass"
    : `${count} deletions are approved and go with the next pass`;
}

/** How long a mirror may go without a run: by the rhythm of the last ones where they had one. @param starts ISO 8601 */
export function overdueAfterMs(starts: Run["starts"]): number {
  const times = starts.map((start) => Date.parse(start));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const [shortest, longest] = [Math.min(...gaps), Math.max(...gaps)];
  const isRegular = gaps.length >= 3 && shortest >= MINUTE_MS / 2 && longest <= REGULAR * shortest;
  return isRegular ? Math.max(LAG_MS, MISSED_RUNS * longest) : OVERDUE_MS;
}

/** `3 h ago`; "never" for what is no time. */
export function ago(iso: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000));
  if (Number.isNaN(seconds)) return "never";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
