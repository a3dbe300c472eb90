import { describe, expect, test } from "bun:test";
import {
  applyRecord,
  createOpenIntents,
  type Intent,
  type JournalRecord,
  type Manifest,
  type ManifestEntry,
} from "../../src/detect/manifest.ts";

const entry = (sha1: string, fields: Partial<ManifestEntry> = {}): ManifestEntry => ({
  mtimeMs: 1,
  sizeBytes: 1,
  sha1,
  ...fields,
});

function manifest(files: Record<string, string>, folders: string[] = []): Manifest {
  return {
    files: new Map(Object.entries(files).map(([path, sha1]) => [path, entry(sha1)])),
    folders: new Set(folders),
  };
}

function shown({ files, folders }: Manifest): string[] {
  return [...[...files].map(([path, { sha1 }]) => `${path}=${sha1}`), ...[...folders].map((path) => `${path}/`)].sort();
}

const rows: { name: string; before?: Manifest; records: JournalRecord[]; want: string[] }[] = [
  { name: "put adds", records: [{ op: "put", path: "a", entry: entry("1") }], want: ["a=1"] },
  {
    name: "put replaces",
    before: manifest({ a: "1" }),
    records: [{ op: "put", path: "a", entry: entry("2") }],
    want: ["a=2"],
  },
  { name: "drop forgets", before: manifest({ a: "1", b: "2" }), records: [{ op: "drop", path: "a" }], want: ["b=2"] },
  { name: "drop of what is unknown is nothing", records: [{ op: "drop", path: "a" }], want: [] },
  { name: "folder adds", records: [{ op: "folder", path: "f" }], want: ["f/"] },
  {
    name: "unfolder forgets the folder alone",
    before: manifest({ "f/a": "1" }, ["f", "f/g"]),
    records: [{ op: "unfolder", path: "f" }],
    want: ["f/a=1", "f/g/"],
  },
  {
    name: "move of a file",
    before: manifest({ a: "1" }),
    records: [{ op: "move", from: "a", to: "b/c" }],
    want: ["b/c=1"],
  },
  {
    name: "move of a folder with all below it",
    before: manifest({ "f/a": "1", "f/g/b": "2", "f-/c": "3", fa: "4" }, ["f", "f/g", "f-"]),
    records: [{ op: "move", from: "f", to: "g/h" }],
    want: ["f-/", "f-/c=3", "fa=4", "g/h/", "g/h/a=1", "g/h/g/", "g/h/g/b=2"],
  },
  {
    name: "move of a folder into a name that begins with its own",
    before: manifest({ "f/a": "1" }, ["f"]),
    records: [{ op: "move", from: "f", to: "ff" }],
    want: ["ff/", "ff/a=1"],
  },
  { name: "move of what is unknown is nothing", records: [{ op: "move", from: "a", to: "b" }], want: [] },
  {
    name: "names of Object's own are names",
    records: [
      { op: "put", path: "__proto__", entry: entry("1") },
      { op: "folder", path: "constructor" },
      { op: "put", path: "constructor/toString", entry: entry("2") },
    ],
    want: ["__proto__=1", "constructor/", "constructor/toString=2"],
  },
  {
    name: "intents are nothing to the manifest",
    before: manifest({ a: "1" }),
    records: [
      { op: "intend", intent: { id: "1", path: "a", temporary: ".miroir-1" } },
      { op: "settle", id: "1" },
    ],
    want: ["a=1"],
  },
];

describe("applyRecord()", () => {
  test.each(rows)("$name", ({ before = manifest({}), records, want }) => {
    for (const record of records) applyRecord(before, record);
    expect(shown(before)).toEqual(want.sort());
  });

  test("put keeps every field of the entry", () => {
    const known = manifest({});
    const whole = entry("1", { racy: true, undated: true, mtimeMs: 1.25 });
    applyRecord(known, { op: "put", path: "a", entry: whole });
    expect(known.files.get("a")).toEqual(whole);
  });
});

describe("createOpenIntents()", () => {
  const intend = (id: string, path: string, fields: Partial<Intent> = {}): JournalRecord => ({
    op: "intend",
    intent: { id, path, temporary: `.miroir-${id}`, ...fields },
  });
  const openAfter = (records: JournalRecord[]) => {
    const open = createOpenIntents();
    for (const record of records) open.follow(record);
    return open;
  };

  test.each<{ name: string; records: JournalRecord[]; ids: string[]; at: Record<string, string | undefined> }>([
    {
      name: "two of one path: the older",
      records: [intend("1", "a"), intend("2", "a")],
      ids: ["1", "2"],
      at: { a: "1" },
    },
    {
      name: "the older one settled",
      records: [intend("1", "a"), intend("2", "a"), { op: "settle", id: "1" }],
      ids: ["2"],
      at: { a: "2" },
    },
    {
      name: "noted again, it keeps its age",
      records: [intend("1", "a"), intend("2", "a"), intend("1", "a", { dated: true })],
      ids: ["1", "2"],
      at: { a: "1" },
    },
    {
      name: "confirmed",
      records: [intend("1", "a"), { op: "put", path: "a", entry: entry("1"), settles: "1" }],
      ids: [],
      at: { a: undefined },
    },
    {
      name: "a later upload of its path confirmed",
      records: [intend("1", "a"), intend("2", "a"), { op: "put", path: "a", entry: entry("1"), settles: "2" }],
      ids: ["1"],
      at: { a: "1" },
    },
    {
      name: "its folder renamed",
      records: [intend("1", "f/a", { temporary: "f/.miroir-1" }), { op: "move", from: "f", to: "g" }],
      ids: ["1"],
      at: { "f/a": undefined, "g/a": "1" },
    },
  ])("$name", ({ records, ids, at }) => {
    const open = openAfter(records);
    expect([...open.byId.keys()]).toEqual(ids);
    for (const [path, id] of Object.entries(at)) expect(open.at(path)?.id).toBe(id);
  });

  test("gives what was noted last of an intent", () => {
    expect(openAfter([intend("1", "a"), intend("1", "a", { dated: true })]).at("a")?.dated).toBe(true);
  });
});
