import { describe, expect, test } from "bun:test";
import { createProgress } from "../../src/report/progress.ts";
import type { Screen } from "../../src/report/screen.ts";

function setUp() {
  let clockMs = 0;
  let draw: (columns: number) => string[] = () => [];
  const screen: Screen = {
    stdout: { write() {} },
    stderr: { write() {} },
    show(newDraw) {
      draw = newDraw;
    },
    close() {},
  };
  const progress = createProgress(screen, { monotonicMs: () => clockMs, now: () => new Date(2026, 0, 2, 3, 4, 5) });
  const pass = (ms: number) => {
    clockMs += ms;
  };
  return { progress, pass, lines: (columns = 100) => draw(columns) };
}

const files = (count: number, sizeBytes: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`${index}.bin`, sizeBytes] as const));
const done = { isUpload: true, isDone: true };

describe("createProgress()", () => {
  test("counts files and bytes, what is under way included", () => {
    const { progress, lines } = setUp();
    progress.planned({ uploads: files(4, 1_000_000), steps: 0 });
    progress.settled("0.bin", done);
    progress.sent("1.bin", 500_000);
    expect(lines()).toEqual(["[======          ] 37 %  1/4 files, 1.5 MB of 4.0 MB", "  1.bin 50 %"]);
  });

  test("tells rate and time left once it has measured", () => {
    const { progress, pass, lines } = setUp();
    progress.planned({ uploads: files(10, 1_000_000), steps: 0 });
    lines();
    for (let index = 0; index < 5; index++) {
      pass(1000);
      progress.settled(`${index}.bin`, done);
      lines();
    }
    expect(lines()[0]).toContain("5/10 files, 5.0 MB of 10 MB, 0:05 left, 1.0 MB/s");
  });

  test("adds what a pass plans again, and forgets a pass that is over", () => {
    const { progress, lines } = setUp();
    progress.planned({ uploads: files(1, 10), steps: 0 });
    progress.settled("0.bin", { isUpload: true, isDone: false });
    progress.planned({ uploads: new Map(), steps: 2 });
    progress.settled("x", { isUpload: false, isDone: true });
    expect(lines()[0]).toContain("1/1 files");
    progress.rest("in sync");
    expect(lines()).toEqual(["in sync, last change 03:04:05 x"]);
    progress.planned({ uploads: new Map(), steps: 2 });
    expect(lines()[0]).toContain("0/2 steps");
  });

  test("shows a hostile name on one line", () => {
    const { progress, lines } = setUp();
    progress.planned({ uploads: new Map([["a\n\x1b[2Jb", 2_000_000]]), steps: 0 });
    progress.sent("a\n\x1b[2Jb", 1_000_000);
    expect(lines()[1]).toBe("  a\\n\\x1b[2Jb 50 %");
    progress.settled("a\n\x1b[2Jb", done);
    progress.rest("in sync");
    expect(lines()).toEqual(["in sync, last change 03:04:05 a\\n\\x1b[2Jb"]);
  });

  test("is busy with many steps only: few are listed one by one", () => {
    const { progress } = setUp();
    progress.planned({ uploads: files(40, 1), steps: 0 });
    expect(progress.isBusy).toBe(false);
    progress.planned({ uploads: new Map(), steps: 1 });
    expect(progress.isBusy).toBe(true);
    progress.rest("");
    expect(progress.isBusy).toBe(false);
  });
});
