import { describe, expect, test } from "bun:test";
import { findSuspects } from "../../src/detect/diff.ts";
import { createRules } from "../../src/detect/ignore.ts";
import { createScope } from "../../src/detect/scope.ts";
import type { Snapshot } from "../../src/detect/tree.ts";
import { type Case, changesOf, detect } from "./differences.ts";

describe("diff() of one file", () => {
  test.each<{ name: string; want: string[]; hashed: string[] } & Case>([
    { name: "same size and mtime", was: { a: "x@1" }, now: { a: "x@1" }, want: [], hashed: [] },
    { name: "same to the fraction of a millisecond", was: { a: "x@1.5" }, now: { a: "x@1.5" }, want: [], hashed: [] },
    {
      name: "same size, other mtime, same content",
      was: { a: "x@1" },
      now: { a: "x@2" },
      want: ["file-touched a"],
      hashed: ["a"],
    },
    {
      name: "same size, an older mtime, other content",
      was: { a: "x@2" },
      now: { a: "y@1" },
      want: ["file-modified a"],
      hashed: ["a"],
    },
    { name: "other size", was: { a: "x@1" }, now: { a: "xx@2" }, want: ["file-modified a"], hashed: [] },
    { name: "other size, same mtime", was: { a: "x@1" }, now: { a: "xx@1" }, want: ["file-modified a"], hashed: [] },
    {
      name: "racy, the same, the moment has passed",
      was: { a: "x@1" },
      now: { a: "x@1" },
      racy: ["a"],
      want: ["file-settled a"],
      hashed: ["a"],
    },
    {
      name: "racy, the same, the moment is still on",
      was: { a: "x@1" },
      now: { a: "x@1" },
      racy: ["a"],
      stillRacy: true,
      want: [],
      hashed: ["a"],
    },
    {
      name: "racy, edited within the same mtime",
      was: { a: "x@1" },
      now: { a: "y@1" },
      racy: ["a"],
      want: ["file-modified a"],
      hashed: ["a"],
    },
    {
      name: "edited within the same mtime, not racy: only --checksum tells",
      was: { a: "x@1" },
      now: { a: "y@1" },
      want: [],
      hashed: [],
    },
    {
      name: "--checksum, edited within the same mtime",
      was: { a: "x@1" },
      now: { a: "y@1" },
      checksum: true,
      want: ["file-modified a"],
      hashed: ["a"],
    },
    { name: "--checksum, the same", was: { a: "x@1" }, now: { a: "x@1" }, checksum: true, want: [], hashed: ["a"] },
    { name: "new", was: {}, now: { a: "x" }, want: ["file-added a"], hashed: [] },
    { name: "gone", was: { a: "x" }, now: {}, want: ["file-removed a"], hashed: [] },
    {
      name: "new, and a file of another size gone",
      was: { a: "x" },
      now: { b: "xx" },
      want: ["file-added b", "file-removed a"],
      hashed: [],
    },
    {
      name: "new, and another file of the same size gone",
      was: { a: "x" },
      now: { b: "y" },
      want: ["file-added b", "file-removed a"],
      hashed: ["b"],
    },
    { name: "an empty file stays empty", was: { a: "@1" }, now: { a: "@2" }, want: ["file-touched a"], hashed: ["a"] },
  ])("$name", ({ want, hashed, ...given }) => {
    expect([changesOf(given), detect(given).hashed]).toEqual([want.sort(), hashed]);
  });

  test("file-settled drops the mark and keeps the rest", () => {
    const [change] = detect({ was: { a: "x@1" }, now: { a: "x@1" }, racy: ["a"] }).changes;
    expect(change).toEqual({
      kind: "file-settled",
      path: "a",
      entry: { mtimeMs: 1, sizeBytes: 1, sha1: "sha1:x" },
    });
  });
});

describe("diff() of folders and of kinds that change", () => {
  test.each<{ name: string; want: string[] } & Case>([
    { name: "a new empty folder", was: {}, now: { "f/": "" }, want: ["folder-added f"] },
    { name: "an empty folder gone", was: { "f/": "" }, now: {}, want: ["folder-removed f"] },
    {
      name: "a folder gone with what it held",
      was: { "f/a": "x", "f/g/b": "y" },
      now: {},
      want: ["file-removed f/a", "file-removed f/g/b", "folder-removed f", "folder-removed f/g"],
    },
    { name: "file to folder", was: { a: "x" }, now: { "a/": "" }, want: ["file-removed a", "folder-added a"] },
    { name: "folder to file", was: { "a/": "" }, now: { a: "x" }, want: ["file-added a", "folder-removed a"] },
    {
      name: "names of Object's own",
      was: { __proto__x: "1", "constructor/a": "2" },
      now: { toString: "xx", "hasOwnProperty/": "" },
      want: [
        "file-added toString",
        "file-removed __proto__x",
        "file-removed constructor/a",
        "folder-added hasOwnProperty",
        "folder-removed constructor",
      ],
    },
  ])("$name", ({ want, ...given }) => {
    expect(changesOf(given)).toEqual(want.sort());
  });
});

describe("findVanished()", () => {
  const was = { keep: "k", a: "1", "f/b": "22", "f/g/c": "333", "fg/d": "4444" };
  const problem = (path: string) => (snapshot: Snapshot) =>
    void snapshot.problems.push({ path, reason: "unreadable", detail: "" });
  const skip = (path: string) => (snapshot: Snapshot) =>
    void snapshot.skipped.set(path, { path, isFolder: true, reason: "link", told: true });

  test.each<{ name: string; want: string[] } & Omit<Case, "was">>([
    {
      name: "without Problems everything that is not there has gone",
      now: { keep: "k" },
      want: [
        "file-removed a",
        "file-removed f/b",
        "file-removed f/g/c",
        "file-removed fg/d",
        "folder-removed f",
        "folder-removed f/g",
        "folder-removed fg",
      ],
    },
    {
      name: "an unreadable folder keeps itself and all below it, not its namesakes",
      now: { keep: "k", "f/": "" },
      seen: problem("f"),
      want: ["file-removed a", "file-removed fg/d", "folder-removed fg"],
    },
    {
      name: "a file that could not be looked at stays",
      now: { keep: "k", "f/b": "22", "f/g/c": "333", "fg/d": "4444" },
      seen: problem("a"),
      want: [],
    },
    {
      name: "a link in the place of a folder keeps what it was",
      now: { keep: "k", a: "1", "fg/d": "4444" },
      seen: skip("f"),
      want: [],
    },
    {
      name: "what is now excluded stays",
      now: { keep: "k", a: "1" },
      scope: createScope(6, createRules(["f/", "fg/d"]), new Set()),
      want: ["folder-removed fg"],
    },
    {
      name: "what is now too deep stays",
      now: { keep: "k", a: "1" },
      scope: createScope(1, () => false, new Set()),
      want: ["file-removed f/b", "file-removed fg/d", "folder-removed f", "folder-removed fg"],
    },
    {
      name: "depth 0: no folder goes",
      now: { keep: "k" },
      scope: createScope(0, () => false, new Set()),
      want: ["file-removed a"],
    },
  ])("$name", ({ want, ...given }) => {
    expect(changesOf({ was, ...given })).toEqual(want);
  });

  test("a Problem at FOLDER itself keeps everything", () => {
    expect(changesOf({ was, now: {}, seen: problem("") })).toEqual([]);
  });
});

describe("findSuspects()", () => {
  test.each<{ name: string; given: Case; checksum?: boolean; want: string[] }>([
    { name: "nothing of what is equal", given: { was: { a: "1", "f/b": "2" }, now: { a: "1", "f/b": "2" } }, want: [] },
    { name: "another size", given: { was: { a: "1" }, now: { a: "11" } }, want: ["a"] },
    { name: "another time", given: { was: { a: "1" }, now: { a: "1@5" } }, want: ["a"] },
    { name: "a racy time", given: { was: { a: "1" }, now: { a: "1" }, racy: ["a"] }, want: ["a"] },
    {
      name: "new and vanished entries",
      given: { was: { "f/a": "1" }, now: { "g/b": "1" } },
      want: ["f", "f/a", "g", "g/b"],
    },
    { name: "one for one", given: { was: { a: "1" }, now: { b: "1" } }, want: ["a", "b"] },
    { name: "every file to be hashed", given: { was: { a: "1" }, now: { a: "1" } }, checksum: true, want: ["a"] },
  ])("has $name", ({ given, checksum = false, want }) => {
    const { manifest, snapshot } = detect(given);
    expect([...findSuspects(manifest, snapshot, { checksum })].sort()).toEqual(want);
  });
});
