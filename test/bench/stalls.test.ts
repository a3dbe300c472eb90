import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runMeasured } from "./run.ts";
import { watchingForStalls } from "./stalls.ts";
import { logFile } from "./tools.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "miroir-stalls-"));
});

afterEach(() => rmSync(home, { recursive: true }));

test("stall-probe.ts notes how long timers waited, also just before the end", async () => {
  const code = "await Bun.sleep(20); Bun.sleepSync(150); await Bun.sleep(20); Bun.sleepSync(300)";
  const file = join(home, "stalls.json");
  const words = [process.execPath, "--preload", join(import.meta.dir, "stall-probe.ts"), "-e", code];
  await runMeasured({ words, env: { BENCH_STALLS: file } }, home, new AbortController().signal);
  const lateMs = (JSON.parse(readFileSync(file, "utf8")) as [number, number][]).map(([, late]) => late);
  expect(lateMs.filter((late) => late > 130).length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...lateMs)).toBeGreaterThan(280);
});

test("watchingForStalls tells the longest stall between the start of the first upload and the end of the last", () => {
  const time = (ms: number) => new Date(1_800_000_000_000 + ms).toISOString();
  const records = [
    { event: "start", time: time(0) },
    { event: "upload", time: time(1000), ms: 100 },
    { event: "upload", time: time(3000), ms: 100 },
    { event: "stop", time: time(9000) },
  ];
  writeFileSync(logFile(home), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const stalls = [
    [899, 800],
    [950, 20],
    [2000, 70],
    [3001, 900],
  ];
  const unix = stalls.map(([atMs = 0, lateMs]) => [1_800_000_000_000 + atMs, lateMs]);
  writeFileSync(join(home, "stalls.json"), JSON.stringify(unix));
  expect(watchingForStalls.look(home)).toEqual({ stallMs: 70 });
});
