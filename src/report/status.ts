import type { KnownMirror } from "../state/mirrors.ts";
import type { Status } from "../state/status.ts";
import { escapeText } from "./escape.ts";
import { REASONS, type Reason } from "./reasons.ts";

/** A mirror whose last pass is older than so many minutes though it runs cannot be well. */
const STALE_MINUTES = 10;

/** One line a mirror, for people. */
export function statusLines(mirrors: readonly KnownMirror[], now: Date): string[] {
  if (mirrors.length === 0) return ["No mirrors yet"];
  return mirrors.map((mirror) => {
    const { id, status, holder, profiles } = mirror;
    const parts = [
      holder === undefined ? "stopped" : `running${holder === "unknown" ? "" : ` (pid ${holder.pid})`}`,
      status.lastPassAt ? `last pass ${ago(status.lastPassAt, now)}` : "no pass yet",
      ...(status.completedPassAt === undefined ? ["never completed"] : []),
      ...(status.failure ? [failureText(status, now)] : []),
      ...(status.oldestChangeAt ? [`oldest change not yet there: ${ago(status.oldestChangeAt, now)}`] : []),
      ...counts(mirror),
      ...(isStale(mirror, now) ? ["no pass for too long"] : []),
    ];
    return escapeText(
      `${id}  ${profiles.length === 0 ? "" : `[${profiles.join(", ")}] `}${status.folder} -> ${status.site}: ${parts.join(", ")}`,
    );
  });
}

function failureText({ failure = "", completedPassAt }: Status, now: Date): string {
  const words = Object.hasOwn(REASONS, failure) ? REASONS[failure as Reason] : failure;
  return completedPassAt ? `failing (${words}), last completed ${ago(completedPassAt, now)}` : `failing (${words})`;
}

function counts({ status }: KnownMirror): string[] {
  const named = { pending: status.pending, failing: status.failing, "deletions parked": status.parked };
  return Object.entries(named).flatMap(([name, count]) => (count ? [`${count} ${name}`] : []));
}

function isStale({ status, holder }: KnownMirror, now: Date): boolean {
  if (holder === undefined) return false;
  const last = Date.parse(status.lastPassAt ?? "");
  return Number.isNaN(last) || now.getTime() - last > STALE_MINUTES * 60_000;
}

export function statusJson(mirrors: readonly KnownMirror[], now: Date): string {
  return JSON.stringify(
    mirrors.map((mirror) => {
      const { id, status, holder, profiles } = mirror;
      const {
        folder,
        site,
        lastPassAt,
        completedPassAt,
        pending = 0,
        failing = 0,
        parked = 0,
        oldestChangeAt,
      } = status;
      const lagMs = oldestChangeAt === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(oldestChangeAt));
      return {
        id,
        profile: profiles[0] ?? null,
        folder,
        site,
        running: holder !== undefined,
        ...(holder !== undefined && holder !== "unknown" && { pid: holder.pid, since: holder.startedAt }),
        lastPass: lastPassAt ?? null,
        completedPass: completedPassAt ?? null,
        pending,
        failing,
        parked,
        lagMs,
        failure: status.failure ?? null,
        healthy:
          failing + parked === 0 &&
          status.failure === undefined &&
          completedPassAt !== undefined &&
          !isStale(mirror, now),
      };
    }),
    null,
    2,
  );
}

function ago(iso: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
