import { describe, expect, test } from "bun:test";
import type { Watcher } from "../../src/detect/watch.ts";
import { createCounts } from "../../src/mirror/counts.ts";
import { runWatch } from "../../src/mirror/loop.ts";
import type { Mirror, PassResult } from "../../src/mirror/pass.ts";
import { SiteError } from "../../src/remote/site.ts";
import { createFakeSite } from "./fake-site.ts";
import { createRecordingLog, partsFor } from "./mirror-parts.ts";

const MINUTE_MS = 60_000;

interface Scene {
  /** What each pass comes to; after the last one all is in sync. */
  passes?: Partial<PassResult>[];
  /** When an event comes, on the clock of the scene. */
  eventsAtMs?: number[];
  hasCompleted?: boolean;
  lengthMs: number;
}

/** Runs a watch on a clock that only its pauses move. */
async function watchFor({ passes = [], eventsAtMs = [], hasCompleted = true, lengthMs }: Scene) {
  let clockMs = 0;
  let seenMs = -1;
  let polling: string | undefined;
  const passesAtMs: number[] = [];
  const watcher: Watcher = {
    get isDirty() {
      return polling !== undefined || seenMs < 0 || eventsAtMs.some((atMs) => atMs > seenMs && atMs <= clockMs);
    },
    forget() {
      seenMs = clockMs;
    },
    giveUp() {
      polling = "a change came without an event";
    },
    get polling() {
      return polling;
    },
    close() {},
  };
  const mirror: Mirror = {
    async pass() {
      passesAtMs.push(clockMs);
      return { codes: [], didOrFailed: false, counts: createCounts(), ...passes[passesAtMs.length - 1] };
    },
    connected() {},
    encryptionSeen() {},
    hasCompleted,
    hasWork: false,
  };
  const site = createFakeSite({ files: new Map(), folders: new Set() }, () => "done");
  const parts = partsFor("/nowhere", site, createRecordingLog(), {
    now: () => clockMs,
    monotonicMs: () => clockMs,
    isStopped: () => clockMs >= lengthMs,
    async sleep(ms) {
      clockMs += ms;
    },
  });
  const ended = await runWatch(mirror, parts, 1000, watcher);
  return { passesAtMs, ended, polling };
}

function moved(count: number): Partial<PassResult> {
  return { counts: { ...createCounts(), moved: count } };
}

describe("runWatch()", () => {
  test("without events makes a pass at the start and one a minute", async () => {
    const { passesAtMs } = await watchFor({ lengthMs: 2.5 * MINUTE_MS });
    expect(passesAtMs).toEqual([0, MINUTE_MS, 2 * MINUTE_MS]);
  });

  test("makes a pass at the tick after an event", async () => {
    const { passesAtMs } = await watchFor({ lengthMs: 10_000, eventsAtMs: [3500] });
    expect(passesAtMs).toEqual([0, 4000]);
  });

  test("ends its trust in events when a look finds a change that none told", async () => {
    const { passesAtMs, polling } = await watchFor({ lengthMs: MINUTE_MS + 3000, passes: [{}, moved(1)] });
    expect(polling).toBe("a change came without an event");
    expect(passesAtMs).toEqual([0, MINUTE_MS, MINUTE_MS + 1000, MINUTE_MS + 2000]);
  });

  test("goes on at each interval as long as something is not mirrored", async () => {
    const failed: Partial<PassResult> = { codes: [1] };
    const { passesAtMs } = await watchFor({ lengthMs: 10_000, passes: [failed, failed, {}] });
    expect(passesAtMs).toEqual([0, 1000, 2000]);
  });

  const lost = new SiteError("lost", { kind: "transient", reason: "unreachable" });
  const refused = new SiteError("refused", { kind: "fatal", reason: "login" });
  const pausesOf = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

  test("tries an unreachable site at a slowing rhythm, at most a minute apart", async () => {
    const passes = Array.from({ length: 40 }, () => ({ codes: [3 as const], error: lost }));
    const { passesAtMs, ended } = await watchFor({ lengthMs: 10 * MINUTE_MS, passes });
    expect(ended).toBeUndefined();
    expect(Math.max(...pausesOf(passesAtMs))).toBeLessThanOrEqual(MINUTE_MS);
    expect(passesAtMs.length).toBeLessThan(70);
  });

  test("tries a refused login once in a quarter of an hour", async () => {
    const passes = [{ codes: [4 as const], error: refused }];
    const { passesAtMs } = await watchFor({ lengthMs: 16 * MINUTE_MS, passes });
    expect(pausesOf(passesAtMs)).toEqual([15 * MINUTE_MS]);
  });

  test("ends at once when the very first pass of a pair fails", async () => {
    const { passesAtMs, ended } = await watchFor({
      lengthMs: MINUTE_MS,
      hasCompleted: false,
      passes: [{ codes: [4], error: refused }],
    });
    expect([passesAtMs, ended?.codes]).toEqual([[0], [4]]);
  });
});
