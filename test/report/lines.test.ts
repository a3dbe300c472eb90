import { describe, expect, test } from "bun:test";
import { jsonLine } from "../../src/report/json.ts";
import type { LogRecord } from "../../src/report/record.ts";
import { sentenceOf, shortLine, textLine } from "../../src/report/text.ts";

const at = new Date("2026-11-22T07:20:01.123Z");
const nasty = "a\nb\r\t\x1b[31m\x7f\x85\u2028\u2029\u202e\u2066\u200f\ud800z";

test("textLine() is the documented line", () => {
  expect(textLine(at, "info", { event: "upload", path: "css/site.css", bytes: 4096, ms: 12, sha1: "ab" })).toBe(
    "2026-11-22T07:20:01.123Z INFO  upload   css/site.css (4096 bytes, 12 ms)",
  );
});

test.each<{ record: LogRecord; want: string }>([
  { record: { event: "rename", from: "old", path: "new", ms: 2 }, want: "rename   old -> new (2 ms)" },
  { record: { event: "delete", path: "old/" }, want: "delete   old/" },
  { record: { event: "mkdir", path: "" }, want: "mkdir    ./" },
  { record: { event: "upload", path: "a", bytes: 1, ms: 1.6 }, want: "upload   a (1 byte, 2 ms)" },
  { record: { event: "skip", path: "l", reason: "link" }, want: "skip     l (a symbolic link)" },
  {
    record: { event: "fail", path: "a", reason: "full", code: 552, detail: 'Cannot store "a": quota' },
    want: 'fail     a (reply 552): Cannot store "a": quota',
  },
  { record: { event: "warn", detail: "Not encrypted" }, want: "warn     Not encrypted" },
  { record: { event: "stop" }, want: "stop" },
  { record: { event: "connect", host: "h", tls: true }, want: "connect  (host h, tls true)" },
  {
    record: { event: "start", version: "1.2.3", folder: "/home/ann/www", site: "ftp://ann@host:21/www" },
    want: "start    miroir 1.2.3, /home/ann/www -> ftp://ann@host:21/www",
  },
  {
    record: { event: "pass", uploaded: 2, deleted: 0, failed: 1, bytes: 77, ms: 5 },
    want: "pass     2 uploaded, 1 failed (77 bytes, 5 ms)",
  },
  { record: { event: "pass", uploaded: 0, ms: 5 }, want: "pass     nothing to do (5 ms)" },
])("shortLine() is $want", ({ record, want }) => expect(shortLine(record)).toBe(want));

test.each<{ record: LogRecord; want: string }>([
  {
    record: { event: "fail", path: "d/", detail: 'Cannot read the folder "d": denied' },
    want: 'Cannot read the folder "d": denied',
  },
  {
    record: { event: "fail", path: "a", code: 552, detail: 'Cannot store "a": quota' },
    want: 'Cannot store "a": quota',
  },
  { record: { event: "skip", path: "a", detail: "Rename it" }, want: "a: Rename it" },
  { record: { event: "warn", path: "", detail: "" }, want: "./" },
])("sentenceOf() names a path once: $want", ({ record, want }) => expect(sentenceOf(record)).toBe(want));

describe("one movement is one line", () => {
  test("textLine() escapes whatever moves a cursor or hides text, in every field", () => {
    const line = textLine(at, "warn", { event: "fail", path: nasty, from: nasty, detail: nasty, other: nasty });
    const escaped = "a\\nb\\r\\t\\x1b[31m\\x7f\\x85\\u2028\\u2029\\u202e\\u2066\\u200f\\ud800z";
    expect(line.split(escaped)).toHaveLength(5);
    expect(line).toMatch(/^[ -~]+$/);
  });

  test("jsonLine() escapes them too, and keeps the value", () => {
    const line = jsonLine(at, "warn", { event: "fail", path: nasty, [nasty]: nasty });
    expect(line).toMatch(/^[ -~]+$/);
    expect(JSON.parse(line)).toEqual({
      time: at.toISOString(),
      level: "warn",
      event: "fail",
      path: nasty,
      [nasty]: nasty,
    });
  });

  test("textLine() leaves ordinary names as they are", () => {
    expect(shortLine({ event: "upload", path: "`a` _b_ é 网 🙂 \\" })).toBe("upload   `a` _b_ é 网 🙂 \\");
  });
});

test("jsonLine() gives time, level and event first, and leaves the terminal's flag out", () => {
  const line = jsonLine(at, "info", { path: "a", event: "mkdir", terminal: false });
  expect(line).toBe('{"time":"2026-11-22T07:20:01.123Z","level":"info","event":"mkdir","path":"a"}');
});
