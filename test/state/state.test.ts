import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Intent, JournalRecord, Manifest, ManifestEntry } from "../../src/detect/manifest.ts";
import { StateError } from "../../src/state/errors.ts";
import { openState, peekState, type State } from "../../src/state/state.ts";

const identity = { folder: "/home/ann/www", site: "ftp://ann@host:21/www" };
let directory: string;
let opened: State[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "miroir-state-"));
  opened = [];
});

afterEach(() => {
  for (const state of opened) state.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(site = identity.site): State {
  const state = openState({
    directory,
    folder: identity.folder,
    site,
    now: () => new Date("2026-11-22T07:20:01.123Z"),
  });
  opened.push(state);
  return state;
}

/** What the next run finds after this one was killed. */
function reload() {
  return plain(open().load());
}

/** With files that can be compared. */
function plain<T extends { manifest: Manifest | undefined }>(loaded: T): T {
  const { manifest } = loaded;
  return { ...loaded, manifest: manifest && { ...manifest, files: new Map(manifest.files) } };
}

const at = (name: string) => join(directory, name);
const sha1 = "0123456789abcdef0123456789abcdef01234567";
const entry = (fields: Partial<ManifestEntry> = {}): ManifestEntry => ({
  mtimeMs: 1.25,
  sizeBytes: 3,
  sha1,
  ...fields,
});
const put = (path: string, settles?: string): JournalRecord => ({
  op: "put",
  path,
  entry: entry(),
  ...(settles !== undefined && { settles }),
});
const intentOf = (id: string): Intent => ({ id, path: "a", temporary: `.miroir-${id}` });
const intend = (id: string): JournalRecord => ({ op: "intend", intent: intentOf(id) });
const manifestOf = (files: Record<string, ManifestEntry> = {}, folders: string[] = []): Manifest => ({
  files: new Map(Object.entries(files)),
  folders: new Set(folders),
});

function caught(call: () => unknown): StateError {
  try {
    call();
  } catch (error) {
    if (error instanceof StateError) return error;
  }
  throw new Error("no StateError was thrown");
}

describe("State.load()", () => {
  test("finds nothing at a first run, and writes nothing", () => {
    expect(reload()).toEqual({ manifest: undefined, intents: [], setAside: [] });
    expect(readdirSync(directory)).toEqual([]);
  });

  test("removes what a run killed in a replacement left, and nothing else", () => {
    for (const name of [".manifest.json.0123456789ab", ".status.json.0123456789ab", ".keep", "lock.db"]) {
      writeFileSync(at(name), "");
    }
    reload();
    expect(readdirSync(directory).sort()).toEqual([".keep", "lock.db"]);
  });

  test("gives back what was folded, whatever the names", () => {
    const names = [
      "__proto__",
      "constructor",
      "toString",
      "1",
      'a"b',
      "a\\b",
      "a\nb",
      "a\u2028b",
      "\ud800",
      "é/网/🙂",
      '": {',
    ];
    const manifest: Manifest = { files: new Map(), folders: new Set(names) };
    for (const name of names) manifest.files.set(name, entry({ racy: true }));
    manifest.files.set("plain", entry({ mtimeMs: -1e21, undated: true }));
    const state = open();
    state.load();
    state.fold(manifest, []);
    expect(reload().manifest).toEqual(manifest);
    expect(plain(peekState(directory, identity))).toEqual({ manifest, intents: [] });
  });

  test("reads any layout of JSON", () => {
    const state = open();
    state.load();
    state.fold(manifestOf({ a: entry(), "b/c": entry({ racy: true }) }, ["b"]), []);
    writeFileSync(at("manifest.json"), JSON.stringify(JSON.parse(readFileSync(at("manifest.json"), "utf8")), null, 2));
    expect(reload().manifest).toEqual(manifestOf({ a: entry(), "b/c": entry({ racy: true }) }, ["b"]));
  });

  test("folds the journal of a killed run into the manifest", () => {
    const state = open();
    state.load();
    state.fold(manifestOf({ old: entry(), "d/x": entry() }, ["d"]), []);
    state.append([put("new"), { op: "drop", path: "old" }]);
    state.append([
      { op: "move", from: "d", to: "e" },
      { op: "folder", path: "f" },
    ]);
    expect(reload().manifest).toEqual(manifestOf({ new: entry(), "e/x": entry() }, ["e", "f"]));
  });

  test("takes the journal of a first run that never folded", () => {
    const state = open();
    state.load();
    state.append([put("a")]);
    expect(reload().manifest).toEqual(manifestOf({ a: entry() }));
  });

  test("knows nothing of the site when a first run only intended", () => {
    const state = open();
    state.load();
    state.append([intend("1")]);
    expect(reload()).toEqual({ manifest: undefined, intents: [intentOf("1")], setAside: [] });
  });

  test("gives the intents that nothing settled", () => {
    const state = open();
    state.load();
    state.append([intend("1"), intend("2"), intend("3"), put("a", "1"), { op: "settle", id: "3" }]);
    expect(reload().intents).toEqual([intentOf("2")]);
  });

  test("ignores a torn last line, and goes on behind what is whole", () => {
    const state = open();
    state.load();
    state.append([put("a"), put("b")]);
    truncateSync(at("journal.jsonl"), statSync(at("journal.jsonl")).size - 5);
    const next = open();
    expect(next.load()).toMatchObject({ manifest: manifestOf({ a: entry() }), setAside: [] });
    next.append([put("c")]);
    expect(reload().manifest).toEqual(manifestOf({ a: entry(), c: entry() }));
  });

  test.each([
    "{}",
    "garbage",
    '{"op":"drop","path":"../a"}',
    "\0\0\0",
  ])("keeps what precedes the damaged line %j, and sets the journal aside", (line) => {
    const state = open();
    state.load();
    state.append([put("a"), intend("1")]);
    appendFileSync(at("journal.jsonl"), `${line}\n`);
    state.close();
    appendFileSync(at("journal.jsonl"), `${JSON.stringify(put("after"))}\n`);
    const damaged = readFileSync(at("journal.jsonl"));
    const want = { manifest: manifestOf({ a: entry() }), intents: [intentOf("1")] };
    expect(plain(peekState(directory, identity))).toEqual(want);
    expect(reload()).toEqual({ ...want, setAside: [join(directory, "journal.damaged-2026-11-22T07-20-01Z.jsonl")] });
    expect(readFileSync(at("journal.damaged-2026-11-22T07-20-01Z.jsonl"))).toEqual(damaged);
    expect(reload()).toEqual({ ...want, setAside: [] });
  });

  test("ignores a journal that was folded already: a crash between the two replacements", () => {
    const state = open();
    state.load();
    state.append([put("a"), intend("1"), intend("2"), put("a", "2")]);
    copyFileSync(at("journal.jsonl"), at("old"));
    state.fold(manifestOf({ b: entry() }), [intentOf("1")]);
    state.close();
    copyFileSync(at("old"), at("journal.jsonl"));
    const next = open();
    expect(plain(next.load())).toEqual({
      manifest: manifestOf({ b: entry() }),
      intents: [intentOf("1")],
      setAside: [],
    });
    next.append([put("c")]);
    expect(reload()).toMatchObject({ manifest: manifestOf({ b: entry(), c: entry() }), intents: [intentOf("1")] });
  });

  test("keeps the steps that are open in a journal that was folded already", () => {
    const steps = [{ op: "rename" as const, path: "b", from: "a" }];
    const state = open();
    state.load();
    state.append([put("a"), { op: "begin", steps }]);
    copyFileSync(at("journal.jsonl"), at("old"));
    state.fold(manifestOf({ a: entry() }), [], steps);
    state.close();
    copyFileSync(at("old"), at("journal.jsonl"));
    const want = { manifest: manifestOf({ a: entry() }), intents: [], steps, setAside: [] };
    expect(reload()).toEqual(want);
    expect(reload()).toEqual(want);
  });

  test("ignores the journal of a manifest that was lost", () => {
    const state = open();
    state.load();
    state.fold(manifestOf({ a: entry() }), []);
    state.append([put("b"), intend("1")]);
    rmSync(at("manifest.json"));
    expect(reload()).toEqual({ manifest: undefined, intents: [intentOf("1")], setAside: [] });
  });

  const whole = { version: 1, ...identity, files: { a: { mtime: 1, size: 1, sha1 } }, folders: [] as unknown };
  test.each([
    { name: "empty", text: "" },
    { name: "truncated", text: JSON.stringify(whole).slice(0, -3) },
    { name: "an array", text: "[]" },
    { name: "without version", text: JSON.stringify({ ...whole, version: undefined }) },
    { name: "with a path that leaves the folder", text: JSON.stringify(whole).replace('"a"', '"../a"') },
    { name: "with an absolute path", text: JSON.stringify(whole).replace('"a"', '"/a"') },
    { name: "with a negative size", text: JSON.stringify(whole).replace('"size":1', '"size":-1') },
    { name: "with an endless mtime", text: JSON.stringify(whole).replace('"mtime":1', '"mtime":1e999') },
    { name: "with a short sha1", text: JSON.stringify(whole).replace(sha1, "abc") },
    { name: "with a bad folder", text: JSON.stringify({ ...whole, folders: ["a/"] }) },
    { name: "with folders of another type", text: JSON.stringify({ ...whole, folders: {} }) },
    {
      name: "with bytes that are no UTF-8",
      text: Buffer.from(JSON.stringify(whole).replace('"a"', '"\xff"'), "latin1"),
    },
  ])("sets a manifest aside that is $name", ({ text }) => {
    writeFileSync(at("manifest.json"), text);
    expect(peekState(directory, identity).manifest).toBeUndefined();
    expect(existsSync(at("manifest.json"))).toBe(true);
    expect(reload()).toEqual({
      manifest: undefined,
      intents: [],
      setAside: [join(directory, "manifest.damaged-2026-11-22T07-20-01Z.json")],
    });
    expect(readFileSync(at("manifest.damaged-2026-11-22T07-20-01Z.json"))).toEqual(Buffer.from(text));
    writeFileSync(at("manifest.json"), text);
    expect(reload().setAside).toEqual([join(directory, "manifest.damaged-2026-11-22T07-20-01Z-2.json")]);
  });

  test("sets a manifest of its own layout aside when any one line of it is damaged", () => {
    const state = open();
    state.load();
    state.fold(manifestOf({ a: entry(), b: entry() }), []);
    const text = readFileSync(at("manifest.json"), "utf8");
    writeFileSync(at("manifest.json"), text.replace(`"b": { "mtime": 1.25`, `"b": { "mtime": x`));
    expect(reload()).toMatchObject({
      manifest: undefined,
      setAside: [expect.stringMatching(/manifest\.damaged-[^/\\]*$/)],
    });
  });

  test.each([
    { kind: "foreign", header: { site: "ftp://bob@host:21/www" } },
    { kind: "foreign", header: { folder: "/home/bob" } },
    { kind: "newer", header: { version: 2, files: "of another shape" } },
  ] as const)("refuses a $kind manifest and journal, and touches nothing ($header)", ({ kind, header }) => {
    for (const name of ["manifest.json", "journal.jsonl"]) {
      writeFileSync(at(name), `${JSON.stringify({ ...whole, generation: 1, ...header })}\n`);
      expect(caught(reload).kind).toBe(kind);
      expect(readdirSync(directory)).toEqual([name]);
      rmSync(at(name));
    }
  });
});

describe("State.append()", () => {
  test("grows the journal that journalBytes() tells, which fold() empties", () => {
    const state = open();
    state.load();
    expect(state.journalBytes()).toBe(0);
    state.append([put("a")]);
    const size = state.journalBytes();
    expect(size).toBe(`${JSON.stringify(put("a"))}\n`.length);
    state.append([put("b")]);
    expect(state.journalBytes()).toBeGreaterThan(size);
    state.flush();
    state.fold(manifestOf({ a: entry() }), []);
    expect(state.journalBytes()).toBeLessThan(size);
    expect(readFileSync(at("journal.jsonl"), "utf8")).toBe(
      `${JSON.stringify({ version: 1, ...identity, generation: 1 })}\n`,
    );
  });

  test("works after close(), and after a load() in between", () => {
    const state = open();
    state.append([put("a")]);
    state.close();
    state.append([put("b")]);
    state.load();
    state.append([put("c")]);
    expect([...(reload().manifest?.files.keys() ?? [])]).toEqual(["a", "b", "c"]);
  });
});

describe("State.fold()", () => {
  test("writes the documented manifest", () => {
    const state = open();
    state.load();
    state.fold(manifestOf({ "css/site.css": entry({ mtimeMs: 1795332001123.25, undated: true }) }, ["css"]), []);
    expect(JSON.parse(readFileSync(at("manifest.json"), "utf8"))).toEqual({
      version: 1,
      ...identity,
      generation: 1,
      files: { "css/site.css": { mtime: 1795332001123.25, size: 3, sha1, undated: true } },
      folders: ["css"],
    });
  });

  test("keeps the open intents, and leaves no temporary file", () => {
    const state = open();
    state.load();
    state.append([intend("1"), intend("2"), { op: "settle", id: "2" }]);
    state.fold(manifestOf(), [intentOf("1")]);
    expect(reload()).toEqual({ manifest: manifestOf(), intents: [intentOf("1")], setAside: [] });
    expect(readdirSync(directory).sort()).toEqual(["journal.jsonl", "manifest.json"]);
  });
});

test.if(process.getuid !== undefined)("a state is for its owner's eyes only", () => {
  const place = join(directory, "new", "mirror");
  const state = openState({ directory: place, ...identity, now: () => new Date(0) });
  opened.push(state);
  state.load();
  state.fold(manifestOf(), []);
  state.writeStatus({ told: [] });
  expect(statSync(place).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
});

describe("Status", () => {
  test("says what to do when its folder was removed meanwhile", () => {
    const state = open();
    state.writeStatus({ told: [] });
    rmSync(directory, { recursive: true });
    expect(() => state.writeStatus({ told: ["a"] })).toThrow("Its folder was removed meanwhile: start miroir again");
  });

  test("is remembered with the mirror's identity", () => {
    const state = open();
    state.writeStatus({
      told: ["a"],
      pending: 2,
      encrypted: true,
      device: "7",
      lastPassAt: "2026-11-22T07:20:01.123Z",
    });
    expect(open().readStatus()).toEqual({
      told: ["a"],
      pending: 2,
      encrypted: true,
      device: "7",
      lastPassAt: "2026-11-22T07:20:01.123Z",
      ...identity,
    });
  });

  test.each([
    "",
    "[",
    "null",
    "7",
    '"x"',
    "[]",
    '{"told":7,"pending":-1,"device":{},"encrypted":"yes"}',
  ])("is empty when its file holds %j", (text) => {
    writeFileSync(at("status.json"), text);
    expect(open().readStatus()).toEqual({ told: [] });
  });
});
