import { expect, test } from "bun:test";
import { quantile, ratios, summarise } from "./statistics.ts";

test.each([
  { figures: [3, 1, 2], share: 0.5, want: 2 },
  { figures: [4, 1, 2, 3], share: 0.5, want: 2.5 },
  { figures: [10, 2, 9], share: 0.5, want: 9 },
  { figures: [5], share: 0.95, want: 5 },
  { figures: [0, 10], share: 0.95, want: 9.5 },
  { figures: Array.from({ length: 101 }, (_, index) => index), share: 0.95, want: 95 },
])("quantile() at $share is $want", ({ figures, share, want }) => {
  expect(quantile(figures, share)).toBeCloseTo(want, 10);
});

test("quantile() of nothing is no number, and it leaves the figures as they were", () => {
  expect(quantile([], 0.5)).toBeNaN();
  const figures = [3, 1, 2];
  quantile(figures, 0.5);
  expect(figures).toEqual([3, 1, 2]);
});

test("summarise() tells the middle and both ends", () => {
  expect(summarise([3, 1, 8])).toEqual({ median: 3, smallest: 1, largest: 8 });
});

test.each<{ name: string; these: number[]; those: number[]; want: number[] }>([
  { name: "pairs what was measured in the same round", these: [10, 30], those: [5, 10], want: [2, 3] },
  { name: "takes medians where one was measured more often", these: [30], those: [10, 20, 5], want: [3] },
])("ratios() $name", ({ these, those, want }) => expect(ratios(these, those)).toEqual(want));
