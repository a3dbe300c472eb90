import { describe, expect, test } from "bun:test";
import { checkJson } from "../../src/check/json.ts";
import { type CheckReport, emptyReport } from "../../src/check/report.ts";
import { STEPS } from "../../src/doctor/finding.ts";
import { doctorJson } from "../../src/doctor/json.ts";
import { statusJson } from "../../src/report/status-lines.ts";
import type { KnownMirror } from "../../src/state/mirrors.ts";
import { codeSpans, readDocument } from "./document.ts";

const PAGE = readDocument("docs/json.md");

/** The example behind `<!-- tested: name -->`. */
function example(name: string): unknown {
  const [, text = ""] =
    new RegExp(`<!-- tested: ${name} -->\\s+\`\`\`json\\n([\\s\\S]*?)^\`\`\``, "m").exec(PAGE) ?? [];
  return JSON.parse(text);
}

/** The names of all fields, those of nested objects as `outer.inner`, in the order in which they stand. */
function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...fieldsOf(inner).map((each) => `${name}.${each}`)]);
}

const NOW = new Date("2026-11-24T21:13:50Z");
const AT = "2026-11-24T21:13:49.382Z";
const PAIR = { folder: "/home/alice/website", site: "ftp://alice@example.org/www" };

const WATCHED: KnownMirror = {
  id: "website-5cdac7653b5d",
  directory: "/state/website-5cdac7653b5d",
  profiles: ["website"],
  status: { told: [], ...PAIR, lastPassAt: AT, completedPassAt: AT },
  holder: { pid: 13228, startedAt: "2026-11-24T08:00:00.000Z", host: "h" },
  run: { command: "watch", startedAt: "2026-11-24T08:00:00.000Z", aliveAt: AT, starts: [] },
};

const DIFFERENT: CheckReport = {
  ...emptyReport(),
  compared: { files: 2, folders: 1, bytes: 12 },
  differences: [
    {
      path: "css/site.css",
      kind: "size",
      local: { type: "file", sizeBytes: 10, mtimeMs: Date.parse("2026-11-24T21:13:49.641Z") },
      remote: { type: "file", sizeBytes: 5, mtimeMs: Date.parse("2026-11-24T21:13:48Z") },
    },
  ],
  unchecked: [
    {
      path: "private",
      isFolder: true,
      reason: "unreadable",
      detail: 'Cannot read the folder "private": permission denied',
    },
  ],
};

describe("docs/json.md shows what is printed by", () => {
  test("status", () => expect(JSON.parse(statusJson([WATCHED], NOW))).toEqual(example("status")));
  test("check", () => expect(JSON.parse(checkJson(PAIR, DIFFERENT))).toEqual(example("check")));
  test("doctor, with every step", () => {
    const [step] = (example("doctor") as { steps: { found: string; server: string; advice: string }[] }).steps;
    const { found = "", server = "", advice = "" } = step ?? {};
    const printed = doctorJson(PAIR.site, [{ step: "passive", mark: "problem", found, server, advice }]);
    expect(JSON.parse(printed)).toEqual(example("doctor"));
    const named = codeSpans(PAGE);
    expect(Object.keys(STEPS).filter((name) => !named.includes(name))).toEqual([]);
  });

  test("each field by its name", () => {
    for (const name of ["status", "check"]) {
      const told = new Set(codeSpans(PAGE));
      const fields = fieldsOf(example(name)).filter((field) => !field.includes("."));
      const selfEvident = new Set(["folder", "site", "compared", "counts"]);
      expect(fields.filter((field) => !told.has(field) && !selfEvident.has(field))).toEqual([]);
    }
  });
});
