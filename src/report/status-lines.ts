import type { KnownMirror } from "../state/mirrors.ts";
import { escapeText } from "./escape.ts";
import { ago, problemsOf } from "./health.ts";
import { prettyJson } from "./json.ts";

/** One line a mirror, for people. */
export function statusLines(mirrors: readonly KnownMirror[], now: Date): string[] {
  if (mirrors.length === 0) return ['No mirrors yet. "miroir init" sets one up'];
  return mirrors.map((mirror) => {
    const { id, status, profiles } = mirror;
    const problems = problemsOf(mirror, now);
    const name = profiles.length === 0 ? "" : `[${profiles.join(", ")}] `;
    const health = problems.length === 0 ? "healthy" : `NOT HEALTHY (${problems.join("; ")})`;
    return escapeText(
      `${id}  ${name}${status.folder ?? "?"} -> ${status.site ?? "?"}: ${health}, ${doings(mirror, now).join(", ")}`,
    );
  });
}

function doings({ status, run, holder }: KnownMirror, now: Date): string[] {
  const who = holder === undefined || holder === "unknown" ? "" : ` (pid ${holder.pid})`;
  const isPassing = holder !== undefined && run?.passingSince !== undefined;
  return [
    holder === undefined ? "stopped" : `running${who}`,
    ...(isPassing ? [`a pass began ${ago(run.passingSince ?? "", now)}`] : []),
    status.lastPassAt ? `last pass ${ago(status.lastPassAt, now)}` : "no pass yet",
    ...(status.completedPassAt && status.completedPassAt !== status.lastPassAt && status.failure
      ? [`last completed ${ago(status.completedPassAt, now)}`]
      : []),
  ];
}

/** The same for programs: one JSON array. */
export function statusJson(mirrors: readonly KnownMirror[], now: Date): string {
  return prettyJson(
    mirrors.map((mirror) => {
      const { id, status, holder, profiles, run } = mirror;
      const { folder, site, lastPassAt, completedPassAt, oldestChangeAt } = status;
      const problems = problemsOf(mirror, now);
      return {
        id,
        profile: profiles[0] ?? null,
        folder: folder ?? null,
        site: site ?? null,
        healthy: problems.length === 0,
        problems,
        running: holder !== undefined,
        ...(holder !== undefined && holder !== "unknown" && { pid: holder.pid, since: holder.startedAt }),
        command: run?.command ?? null,
        lastPass: lastPassAt ?? null,
        completedPass: completedPassAt ?? null,
        passingSince: (holder !== undefined && run?.passingSince) || null,
        exit: run?.exit ?? null,
        pending: status.pending ?? 0,
        failing: status.failing ?? 0,
        parked: status.parked ?? 0,
        lagMs: oldestChangeAt === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(oldestChangeAt)),
        failure: status.failure ?? null,
      };
    }),
  );
}

/** Whether all of them are well. */
export function areHealthy(mirrors: readonly KnownMirror[], now: Date): boolean {
  return mirrors.every((mirror) => problemsOf(mirror, now).length === 0);
}
