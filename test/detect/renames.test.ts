import { describe, expect, test } from "bun:test";
import { type Case, changesOf, detect } from "./differences.ts";

const rows: ({ name: string; want: string[] } & Case)[] = [
  { name: "a file", was: { a: "x" }, now: { b: "x" }, want: ["file-renamed a -> b"] },
  {
    name: "a file into a new folder",
    was: { a: "x" },
    now: { "f/g/a": "x" },
    want: ["file-renamed a -> f/g/a", "folder-added f", "folder-added f/g"],
  },
  {
    name: "a file out of a folder that is gone",
    was: { "f/a": "x" },
    now: { a: "x" },
    want: ["file-renamed f/a -> a", "folder-removed f"],
  },
  { name: "a file renamed and dated anew", was: { a: "x@1" }, now: { b: "x@2" }, want: ["file-renamed a -> b"] },
  {
    name: "renamed and edited is another file",
    was: { a: "x" },
    now: { b: "y" },
    want: ["file-added b", "file-removed a"],
  },
  { name: "an empty file never", was: { a: "" }, now: { b: "" }, want: ["file-added b", "file-removed a"] },
  {
    name: "a copy is new: the old one is still there",
    was: { a: "x" },
    now: { a: "x", b: "x" },
    want: ["file-added b"],
  },
  {
    name: "onto a name that was taken: that one is modified, the old one gone",
    was: { a: "x@1", b: "yy@1" },
    now: { b: "x@1" },
    want: ["file-modified b", "file-removed a"],
  },
  {
    name: "a swap of a and b: both are modified",
    was: { a: "x@1", b: "y@2" },
    now: { a: "y@2", b: "x@1" },
    want: ["file-modified a", "file-modified b"],
  },
  {
    name: "a chain a -> b -> c",
    was: { a: "x@1", b: "y@2" },
    now: { b: "x@1", c: "y@2" },
    want: ["file-added c", "file-modified b", "file-removed a"],
  },
  {
    name: "the same name pairs first",
    was: { "f/index": "x", "g/other": "x", keep: "k" },
    now: { "new/index": "x", "new/more": "x", keep: "k", "f/": "", "g/": "" },
    want: ["file-renamed f/index -> new/index", "file-renamed g/other -> new/more", "folder-added new"],
  },
  {
    name: "two gone, one new: one is renamed, the other removed",
    was: { a: "x", "f/b": "x", "f/keep": "k" },
    now: { "f/c": "x", "f/keep": "k" },
    want: ["file-removed a", "file-renamed f/b -> f/c"],
  },
  {
    name: "one gone, two new: one is renamed, the other sent",
    was: { a: "x" },
    now: { b: "x", "f/a": "x" },
    want: ["file-added b", "file-renamed a -> f/a", "folder-added f"],
  },
  {
    name: "a file the server would not rename",
    was: { a: "x" },
    now: { b: "x" },
    unrenamable: ["a"],
    want: ["file-added b", "file-removed a"],
  },
  {
    name: "another letter case and other content: one name on many servers",
    was: { "a.txt": "x" },
    now: { "A.txt": "yy" },
    want: ["file-recased a.txt -> A.txt"],
  },
  { name: "another letter case, same content", was: { a: "x" }, now: { A: "x" }, want: ["file-renamed a -> A"] },
  {
    name: "a folder",
    was: { "f/a": "x", "f/b": "y" },
    now: { "g/a": "x", "g/b": "y" },
    want: ["folder-renamed f -> g"],
  },
  {
    name: "a folder with empty files, empty folders and folders in it",
    was: { "f/a": "x", "f/empty": "", "f/g/b": "y", "f/h/": "" },
    now: { "n/a": "x", "n/empty": "", "n/g/b": "y", "n/h/": "" },
    want: ["folder-renamed f -> n"],
  },
  {
    name: "a folder into a new folder",
    was: { "f/a": "x" },
    now: { "deep/er/f/a": "x" },
    want: ["folder-added deep", "folder-added deep/er", "folder-renamed f -> deep/er/f"],
  },
  {
    name: "a folder that got a file in addition",
    was: { "f/a": "x" },
    now: { "g/a": "x", "g/new": "yy" },
    want: ["file-added g/new", "folder-renamed f -> g"],
  },
  {
    name: "a folder of which a file was dated anew",
    was: { "f/a": "x@1" },
    now: { "g/a": "x@2" },
    want: ["file-touched g/a", "folder-renamed f -> g"],
  },
  {
    name: "a folder that left a file behind goes file by file",
    was: { "f/a": "x", "f/b": "y" },
    now: { "f/b": "y", "g/a": "x" },
    want: ["file-renamed f/a -> g/a", "folder-added g"],
  },
  {
    name: "a folder that lost a file goes file by file",
    was: { "f/a": "x", "f/b": "yy" },
    now: { "g/a": "x" },
    want: ["file-removed f/b", "file-renamed f/a -> g/a", "folder-added g", "folder-removed f"],
  },
  {
    name: "a folder of which a file was edited goes file by file",
    was: { "f/a": "x", "f/b": "yy" },
    now: { "g/a": "x", "g/b": "zzz" },
    want: ["file-added g/b", "file-removed f/b", "file-renamed f/a -> g/a", "folder-added g", "folder-removed f"],
  },
  {
    name: "a folder merged into one that was there",
    was: { "f/a": "x", "g/b": "y" },
    now: { "g/a": "x", "g/b": "y" },
    want: ["file-renamed f/a -> g/a", "folder-removed f"],
  },
  {
    name: "a folder that lost an empty folder: the empty one cannot travel along",
    was: { "f/a": "x", "f/empty/": "" },
    now: { "g/a": "x" },
    want: ["file-renamed f/a -> g/a", "folder-added g", "folder-removed f", "folder-removed f/empty"],
  },
  {
    name: "a folder of empty files only is never known again",
    was: { "f/a": "" },
    now: { "g/a": "" },
    want: ["file-added g/a", "file-removed f/a", "folder-added g", "folder-removed f"],
  },
  {
    name: "the outermost folder that moved whole, once",
    was: { "f/g/h/a": "x" },
    now: { "n/g/h/a": "x" },
    want: ["folder-renamed f -> n"],
  },
  {
    name: "an inner folder moved out of an outer one that moved too",
    was: { "f/a": "x", "f/g/b": "y" },
    now: { "n/a": "x", "m/b": "y" },
    want: ["file-renamed f/a -> n/a", "folder-added n", "folder-removed f", "folder-renamed f/g -> m"],
  },
  {
    name: "a folder below itself",
    was: { "f/a": "x" },
    now: { "f/g/a": "x" },
    want: ["file-renamed f/a -> f/g/a", "folder-added f/g"],
  },
  {
    name: "two folders merged into one: only one of them keeps its folder",
    was: { "x/one": "1", "y/sub/empty": "", "y/two": "22" },
    now: { "z/two": "22", "z/sub/empty": "", "z/sub/one": "1" },
    want: [
      "file-added z/sub/empty",
      "file-removed y/sub/empty",
      "file-renamed y/two -> z/two",
      "folder-added z",
      "folder-removed y",
      "folder-removed y/sub",
      "folder-renamed x -> z/sub",
    ],
  },
  {
    name: "two folders of the same content",
    was: { "a/f": "x", "b/f": "x" },
    now: { "c/f": "x", "d/f": "x" },
    want: ["folder-renamed a -> c", "folder-renamed b -> d"],
  },
  {
    name: "file to folder of the same name, with the file in it",
    was: { a: "x" },
    now: { "a/a": "x" },
    want: ["file-renamed a -> a/a", "folder-added a"],
  },
  {
    name: "folder to file of the same name, which was in it",
    was: { "a/a": "x" },
    now: { a: "x" },
    want: ["file-renamed a/a -> a", "folder-removed a"],
  },
  {
    name: "a folder takes the name of a file that is gone",
    was: { a: "yy", "f/b": "x" },
    now: { "a/b": "x" },
    want: ["file-removed a", "folder-renamed f -> a"],
  },
  {
    name: "a file stands where the folder was that moved: file by file",
    was: { "f/b": "x" },
    now: { f: "yy", "g/b": "x" },
    want: ["file-added f", "file-renamed f/b -> g/b", "folder-added g", "folder-removed f"],
  },
  {
    name: "a folder the server would not rename: its files are tried",
    was: { "f/a": "x" },
    now: { "g/a": "x" },
    unrenamable: ["f"],
    want: ["file-renamed f/a -> g/a", "folder-added g", "folder-removed f"],
  },
  {
    name: "nor its files",
    was: { "f/a": "x" },
    now: { "g/a": "x" },
    unrenamable: ["f", "f/a"],
    want: ["file-added g/a", "file-removed f/a", "folder-added g", "folder-removed f"],
  },
];

describe("diff() of renames", () => {
  test.each(rows)("$name", ({ want, ...given }) => {
    expect(changesOf(given)).toEqual(want.sort());
  });

  test("a file below an unreadable folder is never taken for the one that was renamed", () => {
    const given: Case = {
      was: { "f/a": "x", keep: "k" },
      now: { b: "x", keep: "k", "f/": "" },
      seen: (snapshot) => void snapshot.problems.push({ path: "f", reason: "unreadable", detail: "" }),
    };
    expect(changesOf(given)).toEqual(["file-added b"]);
  });

  test("a file-renamed carries what the site holds under the old name", () => {
    const [change] = detect({ was: { a: "x@1" }, now: { b: "x@2" } }).changes;
    expect(change).toEqual({
      kind: "file-renamed",
      from: "a",
      path: "b",
      sha1: "sha1:x",
      entry: { mtimeMs: 2, sizeBytes: 1 },
      was: { mtimeMs: 1, sizeBytes: 1, sha1: "sha1:x" },
    });
  });

  test("a thousand copies of one content that move are paired or sent, and soon", () => {
    const was: Record<string, string> = {};
    const now: Record<string, string> = {};
    for (let number = 0; number < 1000; number++) {
      was[`old/copy${number}`] = "same";
      now[`new/sub${number}/copy`] = "same";
    }
    const startedAt = performance.now();
    const changes = changesOf({ was, now });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    const arrived = changes.filter((change) => / (new\/sub\d+\/copy|.* -> new\/sub\d+\/copy)$/.test(change));
    expect(arrived.length).toBe(1000);
  });
});
