import { describe, expect, test } from "bun:test";
import { formatBytes, formatSeconds, type PassView, passLines, shorten } from "../../src/report/progress-lines.ts";

const view = (fields: Partial<PassView>): PassView => ({
  ...{ files: 0, filesDone: 0, bytes: 0, bytesDone: 0, steps: 0, stepsDone: 0 },
  ...{ bytesPerSecond: undefined, secondsLeft: undefined, inFlight: [] },
  ...fields,
});

const halfway = view({ files: 1234, filesDone: 617, bytes: 8_400_000, bytesDone: 4_200_000 });
const measured = { ...halfway, bytesPerSecond: 1_200_000, secondsLeft: 43 };

describe("passLines()", () => {
  test.each([
    {
      name: "bar, files, bytes and time at 80 columns",
      of: measured,
      columns: 80,
      want: ["[========        ] 50 %  617/1234 files, 4.2 MB of 8.4 MB, 0:43 left"],
    },
    {
      name: "the rate where there is room for it",
      of: measured,
      columns: 82,
      want: ["[========        ] 50 %  617/1234 files, 4.2 MB of 8.4 MB, 0:43 left, 1.2 MB/s"],
    },
    {
      name: "no bar at 40 columns, and what fits",
      of: measured,
      columns: 40,
      want: ["50 %  617/1234 files"],
    },
    { name: "the share alone where nothing else fits", of: measured, columns: 8, want: ["50 %"] },
    {
      name: "steps where no file is sent",
      of: view({ steps: 500, stepsDone: 125 }),
      columns: 40,
      want: ["25 %  125/500 steps"],
    },
    {
      name: "no rate before one is known",
      of: halfway,
      columns: 80,
      want: ["[========        ] 50 %  617/1234 files, 4.2 MB of 8.4 MB"],
    },
  ])("shows $name", ({ of, columns, want }) => {
    expect(passLines(of, columns)).toEqual([...want]);
  });

  test("names the files under way, four at most, each cut to its line", () => {
    const inFlight = Array.from({ length: 6 }, (_, index) => ({
      path: `pictures/of/2026/${index}/${"x".repeat(30)}.tif`,
      share: 0.5,
    }));
    const lines = passLines({ ...measured, inFlight }, 40);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe("  pictures/…xxxxxxxxxxxxxxxx.tif 50 %");
  });

  test("leaves room for an echoed ^C, whatever stands in it", () => {
    const inFlight = [{ path: "网站/图片/".repeat(20), share: 1 }];
    for (let columns = 1; columns < 200; columns++) {
      for (const line of passLines({ ...measured, inFlight }, columns)) {
        // The share of a file is the least that is shown.
        if (columns > 10) expect(Bun.stringWidth(`${line}^C`)).toBeLessThan(columns);
      }
    }
  });
});

describe("formatBytes() and formatSeconds()", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9949, "9.9 kB"],
    [9960, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [61_167_230, "61 MB"],
    [5e15, "5000 TB"],
  ])("formatBytes(%d) is %s", (bytes, want) => expect(formatBytes(bytes)).toBe(want));

  test.each([
    [-3, "0:00"],
    [6.2, "0:07"],
    [754, "12:34"],
    [10_812, "3:00:12"],
  ])("formatSeconds(%d) is %s", (seconds, want) => expect(formatSeconds(seconds)).toBe(want));
});

describe("shorten()", () => {
  test.each([
    { text: "short.txt", columns: 9, want: "short.txt" },
    { text: "a-long-name.txt", columns: 10, want: "a-l…me.txt" },
    { text: "网站网站网站", columns: 7, want: "网…网站" },
    { text: "abc", columns: 0, want: "" },
  ])("cuts $text to $columns columns", ({ text, columns, want }) => expect(shorten(text, columns)).toBe(want));
});
