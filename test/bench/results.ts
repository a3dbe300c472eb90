import type { ExperimentResult, Goal, RowResult } from "./experiment.ts";
import { formatFigure } from "./table.ts";

/** What was measured against what it should be, one line for each row of each experiment; with a head. */
export function goalRows(results: readonly ExperimentResult[], isJudged: boolean): string[][] {
  const rows = results.flatMap(({ work, rows, failure }) =>
    failure === undefined
      ? rows.map((row, index) => [
          index === 0 ? work : "",
          row.what,
          formatGoal(row.goal, row.unit),
          formatFigure(row.median, row.unit),
          formatSpread(row),
          formatVerdict(row.isMet, isJudged),
        ])
      : [[work, `failed: ${failure}`, "", "", "", "NO"]],
  );
  return [["work", "what", "goal", "measured", "spread", "met"], ...rows];
}

/** Whole runs of each program; with a head. */
export function timeRows(results: readonly ExperimentResult[]): string[][] {
  const rows = results.flatMap(({ work, times }) =>
    times.map(({ contestant, seconds, runs }, index) => [
      index === 0 ? work : "",
      contestant,
      formatFigure(seconds.median, "s"),
      formatSpread({ ...seconds, unit: "s" }),
      String(runs),
    ]),
  );
  return [["work", "program", "median", "spread", "runs"], ...rows];
}

function formatGoal(goal: Goal | undefined, unit: string): string {
  if (goal?.atLeast !== undefined) return `≥ ${formatFigure(goal.atLeast, unit)}`;
  if (goal?.atMost !== undefined) return `≤ ${formatFigure(goal.atMost, unit)}`;
  return "";
}

function formatSpread({ smallest, largest, unit }: Pick<RowResult, "smallest" | "largest" | "unit">): string {
  if (smallest === largest || Number.isNaN(smallest)) return "";
  return `${formatFigure(smallest, "")} to ${formatFigure(largest, unit)}`;
}

function formatVerdict(isMet: boolean | undefined, isJudged: boolean): string {
  if (isMet === undefined) return "";
  if (!isJudged) return "not judged";
  return isMet ? "yes" : "NO";
}
