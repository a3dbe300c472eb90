import { describe, expect, test } from "bun:test";
import { type Action, actionsOf, isEmpty, type Plan, type Policy, plan } from "../../src/plan/plan.ts";
import { type Case, detect } from "../detect/differences.ts";

function policy(fields: Partial<Policy> = {}): Policy {
  return { delete: "tracked", maxDelete: { kind: "none" }, knownEntries: 1000, approved: new Set(), ...fields };
}

function planFor(given: Case, fields: Partial<Policy> = {}): Plan {
  const { changes, manifest } = detect(given);
  return plan(changes, policy({ knownEntries: manifest.files.size + manifest.folders.size, ...fields }));
}

function shownAction(action: Action): string {
  return action.op === "rename" ? `rename ${action.from} -> ${action.path}` : `${action.op} ${action.path}`;
}

const stepsOf = (planned: Plan) => [...actionsOf(planned)].map(shownAction);

describe("plan(): the order of steps", () => {
  test.each<{ name: string; want: string[] } & Case>([
    { name: "nothing to do", was: { a: "x" }, now: { a: "x" }, want: [] },
    {
      name: "all kinds: mkdir, rename, upload, touch, delete, rmdir",
      was: { old: "moved", touched: "t@1", changed: "c", gone: "x", "f/gone": "y" },
      now: { "n/new": "moved", touched: "t@2", changed: "cc", "n/added": "added!!" },
      want: [
        "mkdir n",
        "rename old -> n/new",
        "upload changed",
        "upload n/added",
        "touch touched",
        "delete f/gone",
        "delete gone",
        "rmdir f",
      ],
    },
    {
      name: "folders are made from the top and removed from the bottom",
      was: { "a/b/c/": "", "a-/x": "1" },
      now: { "k/l/m/": "", "k-/l/": "" },
      want: [
        "mkdir k",
        "mkdir k-",
        "mkdir k-/l",
        "mkdir k/l",
        "mkdir k/l/m",
        "delete a-/x",
        "rmdir a/b/c",
        "rmdir a/b",
        "rmdir a",
        "rmdir a-",
      ],
    },
    {
      name: "a file in the way of a folder is cleared first",
      was: { a: "x", b: "y" },
      now: { "a/in": "zz" },
      want: ["delete a", "mkdir a", "upload a/in", "delete b"],
    },
    {
      name: "a folder in the way of a file is cleared first, from the bottom",
      was: { "a/b/c": "x", "a/d": "y", "z/": "" },
      now: { a: "long" },
      want: ["delete a/b/c", "delete a/d", "rmdir a/b", "rmdir a", "upload a", "rmdir z"],
    },
    {
      name: "a file that moves into the folder of its own name is sent",
      was: { a: "x" },
      now: { "a/a": "x" },
      want: ["delete a", "mkdir a", "upload a/a"],
    },
    {
      name: "a file that takes the place of its own folder is sent",
      was: { "a/a": "x" },
      now: { a: "x" },
      want: ["delete a/a", "rmdir a", "upload a"],
    },
    {
      name: "a folder renamed to the name of a file that is gone",
      was: { a: "yy", "f/b": "x" },
      now: { "a/b": "x" },
      want: ["delete a", "rename f -> a"],
    },
    {
      name: "a folder renamed below a new one",
      was: { "f/b": "x" },
      now: { "a/f/b": "x" },
      want: ["mkdir a", "rename f -> a/f"],
    },
    {
      name: "a file renamed into a folder that is renamed",
      was: { "f/b": "x", c: "yy" },
      now: { "g/b": "x", "g/c": "yy" },
      want: ["rename f -> g", "rename c -> g/c"],
    },
    {
      name: "a file renamed and dated anew is touched after",
      was: { a: "x@1" },
      now: { b: "x@2" },
      want: ["rename a -> b", "touch b"],
    },
    {
      name: "another letter case and other content: renamed, then replaced",
      was: { "a.txt": "x" },
      now: { "A.txt": "yy" },
      want: ["rename a.txt -> A.txt", "upload A.txt"],
    },
    {
      name: "a file renamed away from the place of a new folder is sent",
      was: { a: "x" },
      now: { "a/": "", b: "x" },
      want: ["delete a", "mkdir a", "upload b"],
    },
    { name: "a mark that is dropped is only noted", was: { a: "x" }, now: { a: "x" }, racy: ["a"], want: ["note a"] },
  ])("$name", ({ want, ...given }) => {
    expect(stepsOf(planFor(given))).toEqual(want);
  });

  test("a rename carries size and entry of what the site holds: they tell whether it happened", () => {
    const [action] = planFor({ was: { a: "x@1" }, now: { b: "x@1" } }).renames;
    expect(action).toMatchObject({ sizeBytes: 1, entry: { mtimeMs: 1, sha1: "sha1:x" }, isFolder: false });
  });

  test("isEmpty() is true of a plan without any step, notes included", () => {
    expect(isEmpty(planFor({ was: { a: "x" }, now: { a: "x" } }))).toBe(true);
    expect(isEmpty(planFor({ was: { a: "x" }, now: { a: "x" }, racy: ["a"] }))).toBe(false);
  });
});

/** `count` files, of which the first `gone` are not there any more. */
function files(count: number, gone: number): Case {
  const numbered = (from: number) =>
    Object.fromEntries(Array.from({ length: count - from }, (_, at) => [`f${from + at}`, `content ${from + at}`]));
  return { was: numbered(0), now: numbered(gone) };
}

const HALF = { kind: "percent", percent: 50, floor: 10 } as const;

describe("plan(): --max-delete", () => {
  test.each<{ name: string; given: Case; parked: number } & Partial<Policy>>([
    { name: "the default: half of it goes", given: files(40, 20), maxDelete: HALF, parked: 0 },
    { name: "the default: more than half waits, all of it", given: files(40, 21), maxDelete: HALF, parked: 21 },
    { name: "the default: ten always go", given: files(11, 10), maxDelete: HALF, parked: 0 },
    { name: "the default: eleven of twelve wait", given: files(12, 11), maxDelete: HALF, parked: 11 },
    {
      name: "a percentage that was asked for has no floor",
      given: files(4, 3),
      maxDelete: { kind: "percent", percent: 50, floor: 0 },
      parked: 3,
    },
    { name: "0% lets none go", given: files(40, 1), maxDelete: { kind: "percent", percent: 0, floor: 0 }, parked: 1 },
    { name: "a count: as many go", given: files(40, 5), maxDelete: { kind: "count", count: 5 }, parked: 0 },
    { name: "a count: one more waits", given: files(40, 6), maxDelete: { kind: "count", count: 5 }, parked: 6 },
    { name: "a count of 0", given: files(40, 1), maxDelete: { kind: "count", count: 0 }, parked: 1 },
    { name: "none: no guard", given: files(40, 39), maxDelete: { kind: "none" }, parked: 0 },
    {
      name: "folders count as files do",
      given: { was: { keep: "k", "a/b/c/": "" }, now: { keep: "k" } },
      maxDelete: { kind: "count", count: 2 },
      parked: 3,
    },
    {
      name: "what was approved counts no more",
      given: files(40, 6),
      maxDelete: { kind: "count", count: 5 },
      approved: new Set(["f0"]),
      parked: 0,
    },
    {
      name: "approved ones go though the others wait",
      given: files(40, 8),
      maxDelete: { kind: "count", count: 5 },
      approved: new Set(["f0", "f1"]),
      parked: 6,
    },
    {
      name: "renames do not count",
      given: {
        was: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`old${at}`, `content ${at}`])),
        now: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`new${at}`, `content ${at}`])),
      },
      maxDelete: { kind: "count", count: 0 },
      parked: 0,
    },
    {
      name: "a FOLDER that is suddenly empty waits whatever the limit",
      given: files(3, 3),
      maxDelete: { kind: "none" },
      distrust: "empty",
      parked: 3,
    },
    {
      name: "another device waits whatever the limit",
      given: files(40, 1),
      maxDelete: { kind: "none" },
      distrust: "device",
      parked: 1,
    },
    {
      name: "distrust with everything approved",
      given: files(3, 3),
      distrust: "empty",
      approved: new Set(["f0", "f1", "f2"]),
      parked: 0,
    },
    { name: "distrust and nothing to delete", given: files(3, 0), distrust: "device", parked: 0 },
  ])("$name", ({ name: _, given, parked, ...fields }) => {
    const planned = planFor(given, fields);
    expect(planned.parked.length).toBe(parked);
    const deletions = [...planned.clear, ...planned.deletes].filter(({ op }) => op === "delete" || op === "rmdir");
    expect(deletions.filter(({ path }) => planned.parked.includes(path))).toEqual([]);
    expect(planned.parkedBecause).toBe(parked === 0 ? undefined : (fields.distrust ?? "max-delete"));
  });

  test("all the rest is done: parked deletions hold nothing else up", () => {
    const { was, now } = files(40, 39);
    const planned = planFor({ was: { ...was, a: "x" }, now: { ...now, a: "xx", "n/b": "y" } }, { maxDelete: HALF });
    expect(stepsOf(planned)).toEqual(["mkdir n", "upload a", "upload n/b"]);
    expect(planned.parked.length).toBe(39);
  });

  test("a swap counts, and waits with what belongs in its place; its neighbours go on", () => {
    const given = { was: { a: "x", b: "y" }, now: { "a/in": "zz", b: "yyy" } };
    const planned = planFor(given, { maxDelete: { kind: "count", count: 0 } });
    expect(stepsOf(planned)).toEqual(["upload b"]);
    expect(planned.parked).toEqual(["a"]);
    expect(planned.blocked).toEqual([]);
    const approved = planFor(given, { maxDelete: { kind: "count", count: 0 }, approved: new Set(["a"]) });
    expect(stepsOf(approved)).toEqual(["delete a", "mkdir a", "upload a/in", "upload b"]);
  });

  test("a rename whose source would travel into a place that waits is kept as it is", () => {
    const given = { was: { a: "x", "f/b": "yy" }, now: { "a/b": "yy" } };
    const planned = planFor(given, { maxDelete: { kind: "count", count: 0 } });
    expect(stepsOf(planned)).toEqual([]);
    expect(planned.parked).toEqual(["a"]);
  });
});

describe("plan(): --delete none", () => {
  test.each<{ name: string; want: string[]; blocked: string[] } & Case>([
    {
      name: "nothing is deleted, nothing parked, the rest is done",
      was: { a: "x", "f/b": "y" },
      now: { c: "zzz" },
      want: ["upload c"],
      blocked: [],
    },
    { name: "renames still happen", was: { a: "x" }, now: { b: "x" }, want: ["rename a -> b"], blocked: [] },
    {
      name: "a file that became a folder is blocked, with all that belongs in it",
      was: { a: "x", b: "y" },
      now: { "a/in": "zz", b: "yy" },
      want: ["upload b"],
      blocked: ["a", "a/in"],
    },
    {
      name: "a folder that became a file is blocked",
      was: { "a/in": "x", b: "y" },
      now: { a: "zz", b: "y" },
      want: [],
      blocked: ["a"],
    },
  ])("$name", ({ want, blocked, ...given }) => {
    const planned = planFor(given, { delete: "none", maxDelete: { kind: "count", count: 0 } });
    expect([stepsOf(planned), planned.blocked, planned.parked]).toEqual([want, blocked, []]);
  });
});
