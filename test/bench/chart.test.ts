import { expect, test } from "bun:test";
import { barChart } from "./chart.ts";

const steady = (seconds: number) => ({ median: seconds, smallest: seconds, largest: seconds });

function widthsIn(svg: string): number[] {
  return [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
}

test("barChart() makes bars of a group in proportion, the longest of each group alike", () => {
  const groups = [
    {
      title: "a",
      bars: [
        { label: "miroir", seconds: steady(1), isOurs: true },
        { label: "lftp", seconds: steady(4), isOurs: false },
      ],
    },
    { title: "b", bars: [{ label: "miroir", seconds: steady(0.01), isOurs: true }] },
  ];
  const [first = 0, second = 0, third = 0] = widthsIn(barChart(groups, "times"));
  expect(second / first).toBeCloseTo(4, 1);
  expect(third).toBe(second);
});

test("barChart() marks the spread, from the smallest to the largest", () => {
  const bar = { label: "lftp", seconds: { median: 2, smallest: 1, largest: 4 }, isOurs: false };
  const [, x1, x2] = /x1="([\d.]+)" x2="([\d.]+)"/.exec(barChart([{ title: "a", bars: [bar] }], "times")) ?? [];
  const [width = 0] = widthsIn(barChart([{ title: "a", bars: [bar] }], "times"));
  expect((Number(x2) - Number(x1)) / width).toBeCloseTo(1.5, 1);
});

test("barChart() escapes what XML would take for its own", () => {
  const svg = barChart([{ title: "a < b & c", bars: [{ label: "<x>", seconds: steady(1), isOurs: false }] }], "t");
  expect(svg).toContain("a &lt; b &amp; c");
  expect(svg).toContain("&lt;x&gt;");
  expect(svg).not.toContain("<x>");
});
