import { describe, expect, test } from "bun:test";
import type { Watcher } from "../../src/detect/watch.ts";
import { type Counts, createCounts } from "../../src/mirror/counts.ts";
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
  intervalMs?: number;
  lengthMs: number;
  /** The first pause that ends after `atMs` takes so much longer on the wall clock. */
  jump?: { atMs: number; byMs: number };
}

/** Runs a watch on a clock that only its pauses move. */
async function watchFor({
  passes = [],
  eventsAtMs = [],
  hasCompleted = true,
  intervalMs = 1000,
  lengthMs,
  jump,
}: Scene) {
  let clockMs = 0;
  let seenMs = -1;
  let polling: string | undefined;
  let listener: ((name: string) => void) | undefined;
  /** When what event came to be known before its pass. */
  const foreseen: Array<[number, number]> = [];
  const passesAtMs: number[] = [];
  /** For each pass whether it looks at all of FOLDER, or at how many names. */
  const looks: Array<number | "whole"> = [];
  const newsOf = () => eventsAtMs.filter((atMs) => atMs > seenMs && atMs <= clockMs);
  const watcher: Watcher = {
    hasNews: () => polling !== undefined || seenMs < 0 || newsOf().length > 0,
    take() {
      const news = newsOf();
      const taken = polling !== undefined || seenMs < 0 ? undefined : new Set(news.map(String));
      seenMs = clockMs;
      return taken;
    },
    tell(newListener) {
      listener = newListener;
      for (const atMs of newsOf()) listener?.(String(atMs));
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
    async pass(named) {
      passesAtMs.push(clockMs);
      looks.push(named?.size ?? "whole");
      const result = { codes: [], isLevel: true, didOrFailed: false, counts: createCounts() };
      return { ...result, ...passes[passesAtMs.length - 1] };
    },
    foresee: (name) => void foreseen.push([Number(name), clockMs]),
    connected() {},
    encryptionSeen() {},
    passingSince: undefined,
    hasCompleted,
    hasWork: false,
  };
  const site = createFakeSite({ files: new Map(), folders: new Set() }, () => "done");
  const closedAtMs: number[] = [];
  const closing = { ...site, close: async () => void closedAtMs.push(clockMs) };
  const parts = partsFor("/nowhere", closing, createRecordingLog(), {
    now: () => clockMs + (jump && clockMs > jump.atMs ? jump.byMs : 0),
    monotonicMs: () => clockMs,
    isStopped: () => clockMs >= lengthMs,
    async sleep(ms) {
      const endMs = clockMs + ms;
      for (const atMs of eventsAtMs.filter((each) => each > clockMs && each <= endMs).sort((a, b) => a - b)) {
        clockMs = atMs;
        listener?.(String(atMs));
      }
      clockMs = endMs;
    },
  });
  const ended = await runWatch(mirror, parts, intervalMs, watcher);
  return { passesAtMs, looks, ended, polling, closedAtMs, foreseen };
}

function counted(counts: Partial<Counts>, fields: Partial<PassResult> = {}): Partial<PassResult> {
  return { counts: { ...createCounts(), ...counts }, ...fields };
}

describe("runWatch()", () => {
  test("without events looks at all at the start and every five minutes", async () => {
    const { passesAtMs, looks } = await watchFor({ lengthMs: 12 * MINUTE_MS });
    expect(passesAtMs).toEqual([0, 5 * MINUTE_MS, 10 * MINUTE_MS]);
    expect(looks).toEqual(["whole", "whole", "whole"]);
  });

  test("looks at the tick after an event where it says", async () => {
    const { passesAtMs, looks } = await watchFor({ lengthMs: 10_000, eventsAtMs: [3200, 3500] });
    expect(passesAtMs).toEqual([0, 4000]);
    expect(looks).toEqual(["whole", 2]);
  });

  test("tells of events before the pass as they come, and none while a pass is under way or after one that failed", async () => {
    const lost = new SiteError("lost", { kind: "transient", reason: "unreachable" });
    const passes = [{}, { codes: [3 as const], isLevel: false, error: lost }];
    const { passesAtMs, foreseen } = await watchFor({ lengthMs: 9000, eventsAtMs: [3200, 3500, 4100, 8500], passes });
    expect(passesAtMs.slice(0, 2)).toEqual([0, 4000]);
    expect(foreseen).toEqual([
      [3200, 3200],
      [3500, 3500],
      [8500, 8500],
    ]);
  });

  test("with a long interval tells of events no earlier than some seconds before the pass", async () => {
    const { foreseen, passesAtMs } = await watchFor({
      intervalMs: 60_000,
      lengthMs: 130_000,
      eventsAtMs: [61_000, 118_500],
    });
    expect(passesAtMs).toEqual([0, 120_000]);
    expect(foreseen).toEqual([
      [61_000, 117_000],
      [118_500, 118_500],
    ]);
  });

  test("looks at all every five minutes though events come all the time", async () => {
    const eventsAtMs = Array.from({ length: 600 }, (_, second) => second * 1000 + 500);
    const { passesAtMs, looks } = await watchFor({ lengthMs: 6 * MINUTE_MS, eventsAtMs });
    expect(passesAtMs.filter((_, index) => looks[index] === "whole")).toEqual([0, 5 * MINUTE_MS]);
  });

  test("ends its trust in events when a look finds a change that none told", async () => {
    const passes = [{}, counted({ moved: 1 })];
    const { passesAtMs, looks, polling } = await watchFor({ lengthMs: 5 * MINUTE_MS + 3000, passes });
    expect(polling).toBe("a change came without an event");
    expect(passesAtMs).toEqual([0, 5, 5 + 1 / 60, 5 + 2 / 60].map((minutes) => minutes * MINUTE_MS));
    expect(looks).toEqual(["whole", "whole", "whole", "whole"]);
  });

  test.each([
    { name: "slept for an hour", byMs: 60 * MINUTE_MS },
    { name: "had its clock set back", byMs: -60 * MINUTE_MS },
  ])("drops its connections and looks at all when the machine $name, and still trusts events", async ({ byMs }) => {
    const passes = [{}, counted({ moved: 1 })];
    const scene = { lengthMs: 2 * MINUTE_MS, passes, jump: { atMs: 20_500, byMs } };
    const { passesAtMs, looks, polling, closedAtMs } = await watchFor(scene);
    expect(closedAtMs).toEqual([21_000]);
    expect([passesAtMs, looks]).toEqual([
      [0, 21_000],
      ["whole", "whole"],
    ]);
    expect(polling).toBeUndefined();
  });

  test("goes on at each interval as long as something is not mirrored", async () => {
    const failed: Partial<PassResult> = { codes: [1], isLevel: false };
    const { passesAtMs } = await watchFor({ lengthMs: 10_000, passes: [failed, failed, {}] });
    expect(passesAtMs).toEqual([0, 1000, 2000]);
  });

  test("rests ten times as long as a look took, but for what events tell", async () => {
    const slow = counted({ scanMs: 400 }, { isLevel: false });
    const { passesAtMs } = await watchFor({ lengthMs: 14_000, passes: [slow, slow, slow, {}], eventsAtMs: [6500] });
    expect(passesAtMs).toEqual([0, 4000, 7000, 11_000]);
  });

  const lost = new SiteError("lost", { kind: "transient", reason: "unreachable" });
  const refused = new SiteError("refused", { kind: "fatal", reason: "login" });
  const pausesOf = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

  test("tries an unreachable site at a slowing rhythm, at most a minute apart", async () => {
    const passes = Array.from({ length: 40 }, () => ({ codes: [3 as const], isLevel: false, error: lost }));
    const { passesAtMs, ended } = await watchFor({ lengthMs: 10 * MINUTE_MS, passes });
    expect(ended).toBeUndefined();
    expect(Math.max(...pausesOf(passesAtMs))).toBeLessThanOrEqual(MINUTE_MS);
    expect(passesAtMs.length).toBeLessThan(70);
  });

  test("tries a refused login once in a quarter of an hour", async () => {
    const passes = [{ codes: [4 as const], isLevel: false, error: refused }];
    const { passesAtMs } = await watchFor({ lengthMs: 16 * MINUTE_MS, passes });
    expect(pausesOf(passesAtMs)).toEqual([15 * MINUTE_MS]);
  });

  test("ends at once when the very first pass of a pair fails", async () => {
    const { passesAtMs, ended } = await watchFor({
      lengthMs: MINUTE_MS,
      hasCompleted: false,
      passes: [{ codes: [4], isLevel: false, error: refused }],
    });
    expect([passesAtMs, ended?.codes]).toEqual([[0], [4]]);
  });
});
