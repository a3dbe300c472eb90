import { describe, expect, test } from "bun:test";
import { ofThisPart } from "../part.ts";
import { live } from "./life.ts";
import { firstBroken, report } from "./seeds.ts";

/**
 * MIROIR_SIMULATION_SEED   one seed to live through, and no other
 * MIROIR_SIMULATION_SEEDS  how many seeds to live through
 */
const only = process.env.MIROIR_SIMULATION_SEED;
const count = Number(process.env.MIROIR_SIMULATION_SEEDS ?? 2000);
const RANGES = 10;
const TIMEOUT_MS = 30 * 60_000;

function seedRanges(): { from: number; to: number }[] {
  if (only !== undefined) return [{ from: Number(only), to: Number(only) }];
  const size = Math.ceil(count / RANGES);
  return Array.from({ length: RANGES }, (_, range) => ({ from: 1 + range * size, to: (range + 1) * size }));
}

describe("a mirror that is edited, cut off, refused and killed at random", () => {
  test.each(ofThisPart(seedRanges()))(
    "keeps every promise at each step, and comes to rest: seeds $from to $to",
    async ({ from, to }) => {
      const life = await firstBroken(from, to - from + 1);
      expect(life?.broken ?? [], life && report(life)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test("live(): a seed tells the same story each time", async () => {
    const seeds = only === undefined ? [3, 17, 42, 99] : [Number(only)];
    for (const seed of seeds) expect((await live(seed)).story).toEqual((await live(seed)).story);
  }, 60_000);
});
