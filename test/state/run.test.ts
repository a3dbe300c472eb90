import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun, recordRun } from "../../src/state/run.ts";

let directory = "";
let nowMs = 0;
const now = () => new Date(nowMs);
const iso = (ms: number) => new Date(ms).toISOString();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "miroir-run-"));
  nowMs = 1000;
});
afterEach(() => rmSync(directory, { recursive: true }));

test("recordRun() shows a run from its start to its end", () => {
  const recorder = recordRun(directory, "watch", now);
  const begun = { command: "watch" as const, startedAt: iso(1000), aliveAt: iso(1000), starts: [iso(1000)] };
  expect(readRun(directory)).toEqual(begun);
  nowMs = 2000;
  recorder.alive(new Date(1500));
  expect(readRun(directory)).toEqual({ ...begun, aliveAt: iso(2000), passingSince: iso(1500) });
  nowMs = 3000;
  recorder.end(5);
  expect(readRun(directory)).toEqual({ ...begun, aliveAt: iso(3000), endedAt: iso(3000), exit: 5 });
});

test("recordRun() remembers the starts of the last runs, and nothing else of them", () => {
  for (nowMs = 1; nowMs <= 7; nowMs++) recordRun(directory, "sync", now).end(1);
  nowMs = 8;
  recordRun(directory, "sync", now);
  expect(readRun(directory)).toEqual({
    command: "sync",
    startedAt: iso(8),
    aliveAt: iso(8),
    starts: [4, 5, 6, 7, 8].map(iso),
  });
});

test.each([
  "",
  "{}",
  "[]",
  '{"command":"dance","startedAt":"x","aliveAt":"y"}',
  '{"command":"sync"}',
])("readRun() takes %j for no run", (text) => {
  writeFileSync(join(directory, "run.json"), text);
  expect(readRun(directory)).toBeUndefined();
});

test("a run is not recorded where nothing can be written, and goes on", () => {
  const recorder = recordRun(join(directory, "gone"), "sync", now);
  recorder.alive(undefined);
  recorder.end(0);
  expect(readRun(join(directory, "gone"))).toBeUndefined();
});
