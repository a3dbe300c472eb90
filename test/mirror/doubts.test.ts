import { describe, expect, test } from "bun:test";
import {
  applyRecord,
  followSteps,
  type Intent,
  type JournalRecord,
  keyOf,
  type ManifestEntry,
  type Step,
} from "../../src/detect/manifest.ts";
import { settleDoubts } from "../../src/mirror/doubts.ts";
import { createFakeSite } from "./fake-site.ts";

/** A second, and half a second into it. */
const SECOND_MS = 1_795_332_001_000;
const HALF_MS = SECOND_MS + 500;

const patience = { retries: 0, sleep: async () => {}, monotonicMs: () => 0, random: () => 0, isStopped: () => false };
const entry = (content: string, mtimeMs = HALF_MS, fields: Partial<ManifestEntry> = {}): ManifestEntry => ({
  mtimeMs,
  sizeBytes: content.length,
  sha1: content,
  ...fields,
});
/** An upload of content, named as its hash, that was to be renamed onto `path`. */
const sent = (content: string, path = "a", mtimeMs = HALF_MS): Intent => ({
  id: content,
  path,
  temporary: `.miroir-${content}`,
  begun: { sizeBytes: content.length, mtimeMs },
  dated: true,
  sha1: content,
});

interface Doubtful {
  /** Contents by path, all of `SECOND_MS`; folders end in `/`. */
  there: Record<string, string>;
  known: Record<string, ManifestEntry>;
  steps?: Step[];
  uploads?: Intent[];
}

/** What is known afterwards. */
async function settled({ there, known, steps = [], uploads = [] }: Doubtful) {
  const names = Object.keys(there);
  const tree = {
    files: new Map(
      names
        .filter((name) => !name.endsWith("/"))
        .map((name) => [name, { content: there[name] ?? "", mtimeMs: SECOND_MS }]),
    ),
    folders: new Set(names.filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1))),
  };
  const manifest = { files: new Map(Object.entries(known)), folders: new Set<string>() };
  const open = new Map(steps.map((step) => [keyOf(step), step]));
  for (const record of await settleDoubts(steps, uploads, manifest, createFakeSite(tree), patience)) {
    applyRecord(manifest, record);
    followSteps(open, record);
  }
  const files = [...manifest.files].map(([path, { sha1 }]) => `${path}=${/^0+$/.test(sha1) ? "?" : sha1}`);
  return { known: [...files, ...[...manifest.folders].map((path) => `${path}/`)], open: [...open.keys()] };
}

describe("settleDoubts()", () => {
  test.each<Doubtful & { name: string; want: string[] }>([
    {
      name: "an upload whose rename was never answered is there",
      there: { a: "new" },
      known: { a: entry("older") },
      uploads: [sent("new")],
      want: ["a=new"],
    },
    {
      name: "two uploads that no server could tell apart: one of them is there, and nobody knows which",
      there: { a: "one" },
      known: { a: entry("older") },
      uploads: [sent("two"), sent("one")],
      want: ["a=?"],
    },
    {
      name: "two uploads of different seconds: the time tells",
      there: { a: "one" },
      known: { a: entry("older") },
      uploads: [sent("two", "a", HALF_MS + 3000), sent("one")],
      want: ["a=one"],
    },
    {
      name: "an upload over a file whose time is not known may not have happened",
      there: { a: "old" },
      known: { a: entry("old", 0) },
      uploads: [sent("new")],
      want: ["a=?"],
    },
    {
      name: "a file whose deletion was never answered is gone, and the folder that was to take its place was not made",
      there: {},
      known: { a: entry("old") },
      steps: [{ op: "delete", path: "a" }],
      want: [],
    },
    {
      name: "both were never answered, both happened",
      there: { "a/": "" },
      known: { a: entry("old") },
      steps: [
        { op: "delete", path: "a" },
        { op: "mkdir", path: "a" },
      ],
      want: ["a/"],
    },
  ])("$name", async ({ want, name: _, ...doubtful }) => {
    expect(await settled(doubtful)).toEqual({ known: want, open: [] });
  });
});

describe("followSteps()", () => {
  const openAfter = (...records: JournalRecord[]) => {
    const open = new Map<string, Step>();
    for (const record of records) followSteps(open, record);
    return [...open.keys()];
  };
  const begin = (...steps: Step[]): JournalRecord => ({ op: "begin", steps });

  test.each<{ name: string; records: JournalRecord[]; want: string[] }>([
    {
      name: "two steps of one path are two doubts",
      records: [begin({ op: "delete", path: "a" }), begin({ op: "mkdir", path: "a" })],
      want: ["delete a", "mkdir a"],
    },
    {
      name: "a refusal of the one ends nothing of the other",
      records: [
        begin({ op: "delete", path: "a" }),
        begin({ op: "mkdir", path: "a" }),
        { op: "end", path: "a", step: "mkdir" },
      ],
      want: ["delete a"],
    },
    {
      name: "what is known to stand there ends both",
      records: [begin({ op: "delete", path: "a" }, { op: "mkdir", path: "a" }), { op: "folder", path: "a" }],
      want: [],
    },
    {
      name: "a rename is a doubt of its new path",
      records: [begin({ op: "rename", path: "b", from: "a" }), { op: "move", from: "a", to: "b" }],
      want: [],
    },
    {
      name: "other paths stay open",
      records: [begin({ op: "touch", path: "a" }, { op: "touch", path: "b" }), { op: "end", path: "a", step: "touch" }],
      want: ["touch b"],
    },
  ])("$name", ({ records, want }) => {
    expect(openAfter(...records)).toEqual(want);
  });
});
