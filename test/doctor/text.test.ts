import { describe, expect, test } from "bun:test";
import type { Finding } from "../../src/doctor/finding.ts";
import { doctorJson } from "../../src/doctor/json.ts";
import { findingsLines, type Look, summaryLine } from "../../src/doctor/text.ts";
import { createTranscript } from "../../src/doctor/transcript.ts";

const WIDE: Look = { width: Number.POSITIVE_INFINITY, color: false, unicode: true };
const FINDINGS: Finding[] = [
  { step: "port", mark: "ok", found: "it answers", server: "220 Hello\x1b[2J" },
  { step: "login", mark: "ok", found: "logged in", server: "230 Fine" },
  {
    step: "write",
    mark: "problem",
    found: "No file can be stored",
    server: "552 Quota",
    advice: "Free some space on the server",
  },
  { step: "size", mark: "skipped", found: "no file could be written" },
  { step: "time", mark: "skipped", found: "no file could be written" },
  { step: "sessions", mark: "skipped", found: "another reason" },
  { step: "names", mark: "warning", found: "a and A are one name", advice: "Rename" },
];

describe("findingsLines()", () => {
  test("mark, step, words; what was not tried for one reason together", () => {
    expect(findingsLines(FINDINGS, WIDE)).toEqual([
      "✓ port             it answers",
      "                   The server: 220 Hello\\x1b[2J",
      "✓ login            logged in",
      "✗ write            No file can be stored",
      "                   The server: 552 Quota",
      "                   → Free some space on the server",
      "- not tried        size, file times: no file could be written",
      "- not tried        sessions: another reason",
      "! names            a and A are one name",
      "                   → Rename",
    ]);
  });

  test("in ASCII where nothing else can be shown", () => {
    const text = findingsLines(FINDINGS, { ...WIDE, unicode: false }).join("\n");
    expect(text).toMatch(/^ok port {13}it answers$/m);
    expect(text).toMatch(/^x {2}write/m);
    expect(text).toMatch(/^ +-> Rename$/m);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  test("colours the marks and nothing else", () => {
    const [line = ""] = findingsLines(FINDINGS, { ...WIDE, color: true });
    expect(line).toBe("\x1b[32m✓\x1b[39m port             it answers");
  });

  test.each([80, 60, 40, 30])("fits in %d columns, and loses no word", (width) => {
    const lines = findingsLines(FINDINGS, { ...WIDE, width });
    expect(lines.filter((line) => Bun.stringWidth(line) > width)).toEqual([]);
    const words = (all: string[]) => all.join(" ").split(/\s+/).sort();
    expect(words(lines)).toEqual(words(findingsLines(FINDINGS, WIDE)));
  });
});

test.each([
  { marks: ["ok"], want: "Ready to mirror" },
  { marks: ["ok", "warning"], want: "Ready to mirror, 1 warning" },
  { marks: ["problem", "warning", "warning"], want: "1 problem, 2 warnings" },
  { marks: ["problem", "problem", "skipped"], want: "2 problems" },
] as const)("summaryLine() of $marks", ({ marks, want }) => {
  expect(summaryLine(marks.map((mark) => ({ step: "port", mark, found: "" })))).toBe(want);
});

test("doctorJson() has every field of every step", () => {
  const read = (findings: Finding[]) => JSON.parse(doctorJson("ftp://a@b:21/", findings));
  expect(read(FINDINGS.slice(1, 4))).toEqual({
    site: "ftp://a@b:21/",
    healthy: false,
    steps: [
      { step: "login", status: "ok", found: "logged in", server: "230 Fine", advice: null },
      {
        step: "write",
        status: "problem",
        found: "No file can be stored",
        server: "552 Quota",
        advice: "Free some space on the server",
      },
      { step: "size", status: "skipped", found: "no file could be written", server: null, advice: null },
    ],
  });
  expect(read(FINDINGS.slice(6))).toMatchObject({ healthy: true });
});

describe("createTranscript()", () => {
  function noted(...lines: string[]) {
    const transcript = createTranscript();
    for (const line of lines) transcript.note(line);
    return transcript;
  }

  test("keeps the last line of each reply, by the command it answers, also where several were sent at once", () => {
    const transcript = noted(
      "< 220-Hello",
      "< 220 World",
      "> FEAT",
      "> PWD",
      "< 211-Features:",
      "<  SIZE",
      "< 211 End",
    );
    expect(transcript.greeting).toBe("220 World");
    expect(transcript.replyTo("FEAT")).toBe("211 End");
    expect(transcript.replyTo("PWD")).toBeUndefined();
    transcript.note('< 257 "/"');
    expect(transcript.replyTo("PWD")).toBe('257 "/"');
  });

  test("takes a 1xx for no verdict", () => {
    const transcript = noted("< 220 Hi", "> STOR a", "< 150 Go on", "< 552 Full", "> NOOP", "< 200 Fine");
    expect(transcript.replyTo("STOR")).toBe("552 Full");
    expect(transcript.replyTo("NOOP")).toBe("200 Fine");
  });

  test("forgets an answer when the question is asked again", () => {
    const transcript = noted("< 220 Hi", "> MLSD a", "< 550 No", "> MLSD b");
    expect(transcript.replyTo("MLSD")).toBeUndefined();
    expect(transcript.lastVerb).toBe("MLSD");
  });

  test("has no greeting of a silent server", () => expect(noted().greeting).toBeUndefined());
});
