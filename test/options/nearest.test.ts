import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/options/nearest.ts";

describe("editDistance()", () => {
  test.each<[string, string, number]>([
    ["depth", "depth", 0],
    ["depht", "depth", 1],
    ["dept", "depth", 1],
    ["ddepth", "depth", 1],
    ["depho", "depth", 2],
    ["", "log", 3],
    ["kitten", "sitting", 3],
  ])("%j to %j is %d", (from, to, want) => expect(editDistance(from, to)).toBe(want));

  test("is symmetric, and 0 for equals only", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

test("nearest() ignores letter case and takes the first of equals", () => {
  expect(nearest("--DEPHT", ["--log", "--depth"])).toEqual({ word: "--depth", edits: 1 });
  expect(nearest("ac", ["ab", "ad"])).toEqual({ word: "ab", edits: 1 });
  expect(nearest("a", [])).toBeUndefined();
});
