import { describe, expect, test } from "bun:test";
import { keepRunning, withoutRestart } from "../../src/process/restart.ts";
import { createStop, type Stop } from "../../src/process/stop.ts";
import { EXIT } from "../../src/report/exit.ts";

/** A stop whose waits end at once. */
function impatient(): { stop: Stop; waits: number[] } {
  const waits: number[] = [];
  const stop = createStop();
  const sleep = async (ms: number) => {
    waits.push(ms);
  };
  return {
    waits,
    stop: {
      ...stop,
      sleep,
      get isRequested() {
        return stop.isRequested;
      },
      get cause() {
        return stop.cause;
      },
    },
  };
}

describe("keepRunning()", () => {
  test.each([
    { name: "starts again after a kill, a bug, a lost site", codes: [137, 70, 3, 5, 0], want: 0, starts: 5 },
    { name: "does not after a mistake in the command line", codes: [2, 0], want: 2, starts: 1 },
    { name: "does not after a refused login", codes: [4, 0], want: 4, starts: 1 },
    { name: "does not where another miroir is at work", codes: [3, 6, 0], want: 6, starts: 2 },
  ])("$name", async ({ codes, want, starts }) => {
    const { stop, waits } = impatient();
    let started = 0;
    const start = () => ({ ended: Promise.resolve(codes[started++] ?? 0), kill: () => {} });
    expect(await keepRunning({ start, stop, tell: () => {} })).toBe(want as 0);
    expect({ started, waits }).toEqual({ started: starts, waits: Array(starts - 1).fill(60_000) });
  });

  test.each<{ cause: string; signals: string[] }>([
    { cause: "SIGTERM", signals: ["SIGTERM"] },
    { cause: "SIGINT", signals: [] },
  ])("$cause ends the watch once, and nothing is started again", async ({ cause, signals }) => {
    const { stop } = impatient();
    const got: string[] = [];
    let end = (_code: number) => {};
    const ended = new Promise<number>((resolve) => {
      end = resolve;
    });
    const start = () => ({ ended, kill: (signal: string) => void got.push(signal) });
    const running = keepRunning({ start, stop, tell: () => {} });
    stop.request(cause, EXIT.terminated);
    end(0);
    expect(await running).toBe(0);
    expect(got).toEqual(signals);
  });
});

describe("withoutRestart()", () => {
  test.each<{ argv: string[]; want: string[] }>([
    { argv: ["watch", "a", "b", "--restart"], want: ["--no-restart", "watch", "a", "b"] },
    { argv: ["a", "--restart=yes", "--log", "x"], want: ["--no-restart", "a", "--log", "x"] },
    { argv: ["watch", "--", "--restart"], want: ["--no-restart", "watch", "--", "--restart"] },
  ])("$argv", ({ argv, want }) => {
    expect(withoutRestart(argv)).toEqual(want);
  });
});
