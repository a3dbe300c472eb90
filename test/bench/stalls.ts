import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRecords } from "../e2e/records.ts";
import type { Sample } from "./experiment.ts";
import type { Command } from "./run.ts";
import { logFile, miroirSync, type Task } from "./tools.ts";

const PROBE = join(import.meta.dir, "stall-probe.ts");

/** Runs the executable with a probe in it, and tells the longest stall of its event loop while it sent files. */
export const watchingForStalls = {
  command: (task: Task): Command =>
    miroirSync(task, { env: { BUN_OPTIONS: `--preload=${PROBE}`, BENCH_STALLS: stallsFile(task.home) } }),
  look: (home: string): Sample => ({ stallMs: longestStallMs(home) }),
};

function stallsFile(home: string): string {
  return join(home, "stalls.json");
}

/** Between the start of the first upload and the end of the last; 0 when there was none worth noting. */
function longestStallMs(home: string): number {
  const uploads = readRecords(logFile(home)).filter(({ event }) => event === "upload");
  const ends = uploads.map(({ time }) => Date.parse(time));
  const starts = uploads.map(({ time, ms = 0 }) => Date.parse(time) - ms);
  const [from, to] = [starts.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))];
  const stalls = JSON.parse(readFileSync(stallsFile(home), "utf8")) as [atMs: number, lateMs: number][];
  const meanwhile = stalls.filter(([atMs]) => atMs >= from && atMs <= to);
  return meanwhile.reduce((longest, [, lateMs]) => Math.max(longest, lateMs), 0);
}
