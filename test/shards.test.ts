import { describe, expect, test } from "bun:test";
import { LONG_FILES, shardsOf } from "./shards.ts";

const LONG = LONG_FILES.map(([file]) => file);
const FILES = ["test/a.test.ts", ...LONG];

describe("shardsOf()", () => {
  test("has every file once, or each part of it once", () => {
    const names = shardsOf(FILES).map(({ file, env }) => `${file} ${env.MIROIR_TEST_PART ?? "1/1"}`);
    const expected = FILES.flatMap((file) => {
      const count = LONG_FILES.find(([each]) => each === file)?.[1] ?? 1;
      return Array.from({ length: count }, (_, index) => `./${file} ${index + 1}/${count}`);
    });
    expect(names.sort()).toEqual(expected.sort());
  });

  test("throws for a long file that is no test file", () => {
    expect(() => shardsOf(["test/a.test.ts"])).toThrow("there is no such test file");
  });
});

describe("ofThisPart()", () => {
  /** The rows 1 to 7 that a process with this part runs, or what it dies with. */
  function rowsOf(part: string | undefined): string {
    const script =
      'import { ofThisPart } from "./part.ts"; process.stdout.write(ofThisPart([1, 2, 3, 4, 5, 6, 7]).join(""))';
    const { MIROIR_TEST_PART: _, ...env } = process.env;
    const child = Bun.spawnSync([process.execPath, "-e", script], {
      cwd: import.meta.dir,
      env: { ...env, ...(part !== undefined && { MIROIR_TEST_PART: part }) },
    });
    return child.success ? child.stdout.toString() : child.stderr.toString();
  }

  test.each([
    { part: undefined, rows: "1234567" },
    { part: "1/1", rows: "1234567" },
    { part: "1/3", rows: "147" },
    { part: "2/3", rows: "25" },
    { part: "3/3", rows: "36" },
  ])("gives the rows $rows for the part $part", ({ part, rows }) => {
    expect(rowsOf(part)).toBe(rows);
  });

  test.each(["0/3", "4/3", "1", "one/two"])("refuses the part %p", (part) => {
    expect(rowsOf(part)).toContain(`MIROIR_TEST_PART is "${part}"`);
  });
});
