import { describe, expect, test } from "bun:test";
import { type AdoptMode, adopt, type RemoteTree } from "../../src/plan/adopt.ts";
import { treeOf } from "../detect/differences.ts";
import { snapshotOf } from "./tree-model.ts";

const HERE_MS = 1_795_332_001_123.25;

/** One file of 4 bytes here; what the listing says of it there. */
function adoptOne(mode: AdoptMode, there: { sizeBytes: number | undefined; mtimeMs: number | undefined } | undefined) {
  const remote: RemoteTree = { files: new Map(), folders: new Set(), incomplete: new Set() };
  if (there) remote.files.set("a", there);
  const { files, undecided, otherTime } = adopt(snapshotOf(treeOf({ a: `four@${HERE_MS}` })), remote, mode);
  if (files.length > 0) return "adopted";
  if (undecided.length > 0) return "undecided";
  return otherTime.length > 0 ? "other time" : "sent";
}

describe("adopt() of a file", () => {
  test.each<{
    mode: AdoptMode;
    name: string;
    sizeBytes: number | undefined;
    mtimeMs: number | undefined;
    want: string;
  }>([
    { mode: "size+mtime", name: "same second", sizeBytes: 4, mtimeMs: 1_795_332_001_000, want: "adopted" },
    { mode: "size+mtime", name: "2 s later", sizeBytes: 4, mtimeMs: HERE_MS + 2000, want: "adopted" },
    { mode: "size+mtime", name: "2 s earlier", sizeBytes: 4, mtimeMs: HERE_MS - 2000, want: "adopted" },
    { mode: "size+mtime", name: "more than 2 s later", sizeBytes: 4, mtimeMs: HERE_MS + 2001, want: "other time" },
    { mode: "size+mtime", name: "more than 2 s earlier", sizeBytes: 4, mtimeMs: HERE_MS - 2001, want: "other time" },
    { mode: "size+mtime", name: "a time zone apart", sizeBytes: 4, mtimeMs: HERE_MS + 3_600_000, want: "other time" },
    { mode: "size+mtime", name: "no time told", sizeBytes: 4, mtimeMs: undefined, want: "undecided" },
    { mode: "size+mtime", name: "asked, and no time to be had", sizeBytes: 4, mtimeMs: Number.NaN, want: "other time" },
    { mode: "size+mtime", name: "another size, same time", sizeBytes: 5, mtimeMs: HERE_MS, want: "sent" },
    { mode: "size+mtime", name: "no size told", sizeBytes: undefined, mtimeMs: HERE_MS, want: "sent" },
    { mode: "size", name: "same size, another time", sizeBytes: 4, mtimeMs: 0, want: "adopted" },
    { mode: "size", name: "same size, no time", sizeBytes: 4, mtimeMs: undefined, want: "adopted" },
    { mode: "size", name: "another size", sizeBytes: 5, mtimeMs: HERE_MS, want: "sent" },
    { mode: "size", name: "no size told", sizeBytes: undefined, mtimeMs: HERE_MS, want: "sent" },
    { mode: "none", name: "the very same", sizeBytes: 4, mtimeMs: HERE_MS, want: "sent" },
  ])("$mode, $name: $want", ({ mode, sizeBytes, mtimeMs, want }) => {
    expect(adoptOne(mode, { sizeBytes, mtimeMs })).toBe(want);
  });

  test("what is not there is sent", () => {
    expect(adoptOne("size+mtime", undefined)).toBe("sent");
  });
});

describe("adopt() of a tree", () => {
  const here = snapshotOf(treeOf({ "f/g/a": "x@5000", "h/": "", "same-name/": "", swapped: "x@5000" }));
  const there: RemoteTree = {
    files: new Map([
      ["f/g/a", { sizeBytes: 1, mtimeMs: 5000 }],
      ["same-name", { sizeBytes: 1, mtimeMs: 5000 }],
      ["foreign", { sizeBytes: 1, mtimeMs: 5000 }],
    ]),
    folders: new Set(["f", "f/g", "swapped", "others"]),
    incomplete: new Set(["f"]),
  };

  test("folders on both sides are adopted in every mode; entries of others and of another kind never are", () => {
    for (const mode of ["size+mtime", "size", "none"] as const) {
      const { files, folders } = adopt(here, there, mode);
      expect(folders.sort()).toEqual(["f", "f/g"]);
      expect(files).toEqual(mode === "none" ? [] : ["f/g/a"]);
    }
  });
});
