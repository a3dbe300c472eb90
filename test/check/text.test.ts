import { describe, expect, test } from "bun:test";
import { checkJson } from "../../src/check/json.ts";
import { type CheckReport, emptyReport } from "../../src/check/report.ts";
import { checkLines } from "../../src/check/text.ts";
import { SiteError } from "../../src/remote/site.ts";

const TIME_MS = Date.UTC(2026, 10, 22, 7, 20, 1, 123);

const REPORT: CheckReport = {
  ...emptyReport(),
  compared: { files: 12, folders: 1, bytes: 4096 },
  differences: [
    { path: "a.html", kind: "size", local: { type: "file", sizeBytes: 1 }, remote: { type: "file", sizeBytes: 20 } },
    { path: "日本.html", kind: "missing", local: { type: "file", sizeBytes: 7 } },
    { path: "new", kind: "missing", local: { type: "folder" } },
    {
      path: "t",
      kind: "time",
      local: { type: "file", sizeBytes: 1, mtimeMs: TIME_MS },
      remote: { type: "file", sizeBytes: 1, mtimeMs: TIME_MS - 123 },
    },
  ],
};

describe("checkLines()", () => {
  test("in columns, by the width that letters have on the screen", () => {
    expect(checkLines(REPORT, 80)).toEqual([
      "DIFFERENCE  PATH       HERE                      ON THE SITE",
      "size        a.html     1 byte                    20 bytes",
      "missing     日本.html  7 bytes                   nothing",
      "missing     new/       a folder                  nothing",
      "time        t          2026-11-22T07:20:01.123Z  2026-11-22T07:20:01.000Z",
      "",
      "4 differences (2 missing, 1 size, 1 time): 12 files and 1 folder compared",
    ]);
  });

  test("in two lines each where the columns do not fit", () => {
    expect(checkLines(REPORT, 40).slice(0, 4)).toEqual([
      "size     a.html",
      "  here 1 byte, on the site 20 bytes",
      "missing  日本.html",
      "  here 7 bytes, on the site nothing",
    ]);
  });

  test.each([80, 40, 30])("fits in %d columns, and loses no word", (width) => {
    const unchecked = [
      { path: "a folder/with a long name", isFolder: true, reason: "refused" as const, detail: "no " },
    ];
    const report = { ...REPORT, unchecked, leftovers: [".miroir-0123456789abcdef", ".miroir-fedcba9876543210"] };
    const lines = checkLines(report, width);
    expect(lines.filter((line) => Bun.stringWidth(line) > width)).toEqual([]);
    const words = lines.join(" ").split(/\s+/);
    for (const word of ["日本.html", "long", ".miroir-fedcba9876543210", "compared"]) expect(words).toContain(word);
  });

  test("a name that holds escapes and line breaks is one harmless line", () => {
    const lines = checkLines({ ...REPORT, differences: [{ path: "a\x1b[31m\nb", kind: "missing" }] }, 80);
    expect(lines[1]).toBe("missing     a\\x1b[31m\\nb  nothing  nothing");
  });

  test("says what was not compared, what is left over, and that it is not complete", () => {
    const failure = new SiteError("the connection was lost", { kind: "transient", reason: "connection" });
    const report: CheckReport = {
      ...REPORT,
      differences: [],
      unchecked: [{ path: "secret", isFolder: true, reason: "unreadable", detail: "permission denied" }],
      leftovers: [".miroir-1"],
      failure,
    };
    expect(checkLines(report, 120)).toEqual([
      "Not compared:",
      "  secret/: permission denied",
      "",
      "A temporary entry of miroir on the site, begun and not ended: .miroir-1",
      "",
      "No difference seen, 1 not compared, the comparison is not complete: 12 files and 1 folder compared",
    ]);
  });
});

describe("checkJson()", () => {
  const pair = { folder: "/www", site: "ftp://alice@example.org:21/" };
  const read = (report: CheckReport) => JSON.parse(checkJson(pair, report)) as Record<string, unknown>;

  test("has every field, whatever there is to tell", () => {
    expect(read(emptyReport())).toEqual({
      ...pair,
      inSync: true,
      complete: true,
      compared: { files: 0, folders: 0, bytes: 0 },
      counts: { missing: 0, extra: 0, foreign: 0, type: 0, size: 0, time: 0, content: 0, altered: 0 },
      differences: [],
      unchecked: [],
      leftovers: [],
      distrust: null,
      error: null,
    });
    const full = read(REPORT);
    expect(full).toMatchObject({ inSync: false, complete: true, counts: { missing: 2, size: 1, time: 1 } });
    expect(full.differences).toEqual([
      {
        path: "a.html",
        kind: "size",
        local: { type: "file", bytes: 1, mtime: null, hash: null },
        remote: { type: "file", bytes: 20, mtime: null, hash: null },
      },
      {
        path: "日本.html",
        kind: "missing",
        local: { type: "file", bytes: 7, mtime: null, hash: null },
        remote: null,
      },
      { path: "new/", kind: "missing", local: { type: "folder", bytes: null, mtime: null, hash: null }, remote: null },
      expect.objectContaining({ local: { type: "file", bytes: 1, mtime: "2026-11-22T07:20:01.123Z", hash: null } }),
    ]);
  });

  test.each<{ name: string; report: Partial<CheckReport>; want: object }>([
    {
      name: "what could not be compared",
      report: { unchecked: [{ path: "a", isFolder: false, reason: "changed", detail: "it changed" }] },
      want: { complete: false, unchecked: [{ path: "a", reason: "changed", detail: "it changed" }], error: null },
    },
    {
      name: "a FOLDER that is not believed",
      report: { distrust: "empty" },
      want: { complete: true, distrust: "empty" },
    },
    {
      name: "what ended it early",
      report: { failure: new SiteError("refused", { kind: "fatal", reason: "login", code: 530 }) },
      want: { complete: false, error: { reason: "login", detail: "refused", code: 530 } },
    },
  ])("never is in sync with $name", ({ report, want }) => {
    expect(read({ ...emptyReport(), ...report })).toMatchObject({ inSync: false, ...want });
  });

  test("holds no control character but its own line breaks", () => {
    const text = checkJson(pair, { ...emptyReport(), leftovers: [".miroir-\x1b[2J\u2028\u202e"] });
    expect(text).toContain("\n");
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
    expect(JSON.parse(text)).toMatchObject({ leftovers: [".miroir-\x1b[2J\u2028\u202e"] });
  });
});
