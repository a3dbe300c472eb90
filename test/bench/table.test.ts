import { expect, test } from "bun:test";
import { formatFigure, markdownTable, textTable } from "./table.ts";

test.each([
  { value: 0.031249, unit: "s", want: "0.0312 s" },
  { value: 2.4149, unit: "×", want: "2.41 ×" },
  { value: 21.04, unit: "s", want: "21 s" },
  { value: 12345.6, unit: "MB", want: "12,346 MB" },
  { value: 0, unit: "%", want: "0 %" },
  { value: -4.5, unit: "ms", want: "-4.5 ms" },
  { value: 3.2, unit: "", want: "3.2" },
  { value: Number.NaN, unit: "s", want: "none" },
])("formatFigure($value, $unit) is $want", ({ value, unit, want }) => expect(formatFigure(value, unit)).toBe(want));

test("textTable() stands words to the left and figures to the right", () => {
  const rows = [
    ["program", "median", "note"],
    ["miroir", "0.5 s", "× 2"],
    ["lftp", "12.5 s", ""],
  ];
  expect(textTable(rows).split("\n")).toEqual(["program  median  note", "miroir    0.5 s  × 2", "lftp     12.5 s"]);
});

test("markdownTable() lets no cell end early", () => {
  expect(
    markdownTable([
      ["a", "b"],
      ["1|2", "3"],
    ]).split("\n"),
  ).toEqual(["| a | b |", "| --- | --- |", "| 1\\|2 | 3 |"]);
});
