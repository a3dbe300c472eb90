import { expect, test } from "bun:test";
import { EXIT, EXIT_MEANINGS, type OutcomeCode, worstExit } from "../../src/report/exit.ts";

test.each([
  { codes: [], want: 0 },
  { codes: [0, 0], want: 0 },
  { codes: [0, 1], want: 1 },
  { codes: [1, 5], want: 5 },
  { codes: [5, 3], want: 3 },
  { codes: [3, 4], want: 4 },
  { codes: [4, 6], want: 6 },
  { codes: [6, 2], want: 2 },
  { codes: [2, 70], want: 70 },
  { codes: [1, 5, 3, 4, 6, 2, 70, 0], want: 70 },
] satisfies { codes: OutcomeCode[]; want: OutcomeCode }[])("worstExit() of $codes is $want", ({ codes, want }) => {
  expect(worstExit(codes)).toBe(want);
});

test("EXIT_MEANINGS has a sentence for each code", () => {
  expect(Object.keys(EXIT_MEANINGS).map(Number)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
});
