import { afterEach, expect, test } from "bun:test";
import { type Contestant, type Experiment, isMet, runExperiment } from "./experiment.ts";
import { createGround, type Ground } from "./ground.ts";
import { goalRows, timeRows } from "./results.ts";
import { SIZES } from "./size.ts";
import { ratios } from "./statistics.ts";

const grounds: Ground[] = [];

afterEach(async () => {
  for (const ground of grounds.splice(0)) await ground.end();
});

function groundFor(signal = new AbortController().signal): Ground {
  const ground = createGround(SIZES.tiny, signal);
  grounds.push(ground);
  return ground;
}

/** Contestants that take these seconds, one figure a round, and note their turns. */
function experimentOf(seconds: Record<string, number[]>, turns: string[], once: string[] = []): Experiment {
  const contestant = (name: string, figures: number[]): Contestant => ({
    name,
    once: once.includes(name),
    async run() {
      turns.push(name);
      return [{ seconds: figures.shift() ?? Number.NaN }];
    },
  });
  return {
    name: "race",
    work: "a race",
    servers: [],
    tools: [],
    open: async () => Object.entries(seconds).map(([name, figures]) => contestant(name, [...figures])),
    rows: [
      {
        what: "as fast",
        unit: "×",
        goal: { atLeast: 2 },
        values: (of) => ratios(of("slow", "seconds"), of("fast", "seconds")),
      },
    ],
  };
}

test("runExperiment() gives each contestant each round, beginning with another each time", async () => {
  const turns: string[] = [];
  await runExperiment(experimentOf({ fast: [1, 1, 1], slow: [3, 3, 3] }, turns), groundFor(), 3);
  expect(turns).toEqual(["fast", "slow", "slow", "fast", "fast", "slow"]);
});

test("runExperiment() judges the median of what was measured side by side", async () => {
  const result = await runExperiment(experimentOf({ fast: [1, 2, 4], slow: [3, 2, 10] }, []), groundFor(), 3);
  expect(result.rows).toMatchObject([{ median: 2.5, smallest: 1, largest: 3, isMet: true }]);
  expect(result.times).toMatchObject([
    { contestant: "fast", seconds: { median: 2 }, runs: 3 },
    { contestant: "slow", seconds: { median: 3 }, runs: 3 },
  ]);
});

test("runExperiment() runs once what need not be repeated", async () => {
  const turns: string[] = [];
  const result = await runExperiment(experimentOf({ fast: [1, 2, 4], slow: [3] }, turns, ["slow"]), groundFor(), 3);
  expect(turns.filter((name) => name === "slow")).toHaveLength(1);
  expect(result.rows).toMatchObject([{ median: 1.5, isMet: false }]);
});

test("runExperiment() ends with the next contestant when it is interrupted", async () => {
  const interruption = new AbortController();
  const turns: string[] = [];
  const running = runExperiment(experimentOf({ fast: [1, 1], slow: [1, 1] }, turns), groundFor(interruption.signal), 2);
  interruption.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
  expect(turns.length).toBeLessThan(4);
});

test.each([
  { value: 2, goal: { atLeast: 2 }, want: true },
  { value: 1.99, goal: { atLeast: 2 }, want: false },
  { value: 0.3, goal: { atMost: 0.3 }, want: true },
  { value: 0.31, goal: { atMost: 0.3 }, want: false },
  { value: Number.NaN, goal: { atMost: 0.3 }, want: false },
])("isMet(): $value for $goal is $want", ({ value, goal, want }) => expect(isMet(value, goal)).toBe(want));

const RACE = {
  name: "race",
  work: "a race",
  rows: [
    { what: "as fast", unit: "×", goal: { atLeast: 2 }, median: 1.5, smallest: 1, largest: 3, isMet: false },
    { what: "memory", unit: "MB", median: 40, smallest: 40, largest: 40, isMet: undefined },
  ],
  times: [{ contestant: "fast", seconds: { median: 0.5, smallest: 0.4, largest: 0.6 }, runs: 3 }],
};

test("goalRows() shows a missed goal, and a row without a goal", () => {
  expect(goalRows([RACE], true).slice(1)).toEqual([
    ["a race", "as fast", "≥ 2 ×", "1.5 ×", "1 to 3 ×", "NO"],
    ["", "memory", "", "40 MB", "", ""],
  ]);
});

test("goalRows() shows what failed as a goal that is not met", () => {
  const failed = { name: "race", work: "a race", rows: [], times: [], failure: "it fell over" };
  expect(goalRows([failed], true).slice(1)).toEqual([["a race", "failed: it fell over", "", "", "", "NO"]]);
});

test("goalRows() judges nothing in a size whose figures mean nothing", () => {
  expect(goalRows([RACE], false).map((row) => row.at(-1))).toEqual(["met", "not judged", ""]);
});

test("timeRows() shows median, spread and number of runs", () => {
  expect(timeRows([RACE]).slice(1)).toEqual([["a race", "fast", "0.5 s", "0.4 to 0.6 s", "3"]]);
});
