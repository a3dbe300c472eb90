import { describe, expect, test } from "bun:test";
import { createPauses } from "../../src/mirror/pauses.ts";
import type { Action, Plan } from "../../src/plan/plan.ts";

const remove = (path: string): Action => ({ op: "delete", path });

function planOf(paths: string[]): Plan {
  return {
    clear: [],
    structure: [],
    renames: [],
    uploads: [],
    touches: [],
    deletes: paths.map(remove),
    notes: [],
    parked: [],
    parkedBecause: undefined,
    blocked: [],
  };
}

/** How long an entry is held back after each failure in turn, to the second. */
function pausesAfter(failures: number, random: () => number): number[] {
  let nowMs = 0;
  const pauses = createPauses(() => nowMs, random);
  return Array.from({ length: failures }, () => {
    pauses.failed("a");
    const failedAtMs = nowMs;
    while (pauses.holdBack(planOf(["a"])).held > 0) nowMs += 250;
    return (nowMs - failedAtMs) / 1000;
  });
}

describe("createPauses()", () => {
  test("nothing is held back as long as nothing failed", () => {
    const planned = planOf(["a", "b"]);
    expect(createPauses(() => 0, Math.random).holdBack(planned)).toEqual({ plan: planned, held: 0 });
  });

  test("an entry that fails waits twice as long each time, five minutes at most", () => {
    expect(pausesAfter(12, () => 0.5)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  });

  test("the pause varies by a quarter to each side", () => {
    expect([pausesAfter(3, () => 0), pausesAfter(3, () => 1)]).toEqual([
      [0.75, 1.5, 3],
      [1.25, 2.5, 5],
    ]);
  });

  test("the others go on, in every stage", () => {
    const pauses = createPauses(
      () => 0,
      () => 0.5,
    );
    pauses.failed("a");
    const planned: Plan = {
      ...planOf(["a", "b"]),
      structure: [
        { op: "mkdir", path: "a" },
        { op: "mkdir", path: "c" },
      ],
    };
    const { plan, held } = pauses.holdBack(planned);
    expect(held).toBe(2);
    expect([plan.structure, plan.deletes]).toEqual([[{ op: "mkdir", path: "c" }], [remove("b")]]);
    expect(planned.deletes.length).toBe(2);
  });

  test("mended: the next failure begins anew", () => {
    let nowMs = 0;
    const pauses = createPauses(
      () => nowMs,
      () => 0.5,
    );
    for (let times = 0; times < 5; times++) pauses.failed("a");
    pauses.mended("a");
    expect(pauses.holdBack(planOf(["a"])).held).toBe(0);
    pauses.failed("a");
    nowMs = 1000;
    expect(pauses.holdBack(planOf(["a"])).held).toBe(0);
  });
});
