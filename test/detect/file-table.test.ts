import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRecordedFiles, createSeenFiles, entriesNotShared } from "../../src/detect/file-table.ts";
import type { ManifestEntry } from "../../src/detect/manifest.ts";
import { createColumns } from "../../src/detect/packed.ts";

const segment = fc.constantFrom("a", "b", "ab", "a-b", "a.b", "é", "\uffee", "🙂", "__proto__");
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));
const entry: fc.Arbitrary<ManifestEntry> = fc
  .record({
    mtimeMs: fc.double({ noNaN: true }),
    sizeBytes: fc.maxSafeNat(),
    sha1: fc.stringMatching(/^[0-9a-f]{40}$/),
    racy: fc.boolean(),
    undated: fc.boolean(),
  })
  .map(({ racy, undated, ...rest }) => ({ ...rest, ...(racy && { racy }), ...(undated && { undated }) }));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("set"), path, entry }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete"), path }) },
  fc.record({ op: fc.constant("pack") }),
);

describe("createRecordedFiles()", () => {
  test("holds what a Map holds, whatever is packed in between", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(path), (steps, paths) => {
        const table = createRecordedFiles();
        const map = new Map<string, ManifestEntry>();
        for (const each of steps) {
          if ("entry" in each) for (const files of [table, map]) files.set(each.path, each.entry);
          else if ("path" in each) expect(table.delete(each.path)).toBe(map.delete(each.path));
          else table.pack();
          expect(table.size).toBe(map.size);
        }
        expect(new Map(table)).toEqual(map);
        expect([...table.keys()].sort()).toEqual([...map.keys()].sort());
        for (const each of [...paths, ...map.keys()]) {
          expect([table.has(each), table.get(each)]).toEqual([map.has(each), map.get(each)]);
        }
      }),
    );
  });

  test("an entry that no column can hold stays as it is", () => {
    const table = createRecordedFiles();
    table.set("f/a", { mtimeMs: 1, sizeBytes: 2, sha1: "" });
    table.pack();
    expect([...table]).toEqual([["f/a", { mtimeMs: 1, sizeBytes: 2, sha1: "" }]]);
  });

  test("what is iterated may be changed meanwhile", () => {
    const table = createRecordedFiles();
    for (const each of ["a", "f/b", "f/c", "g/d"]) table.set(each, { mtimeMs: 1, sizeBytes: 2, sha1: "1".repeat(40) });
    table.pack();
    for (const each of table.keys()) table.delete(each);
    expect([table.size, ...table.keys()]).toEqual([0]);
  });
});

describe("entriesNotShared()", () => {
  const seenAs = (name: string, mtimeMs: number) => {
    const columns = createColumns(1);
    columns.add(name, mtimeMs, 2);
    return columns;
  };

  test("leaves out folders that both tables have in common, and no other", () => {
    const recorded = createRecordedFiles();
    for (const each of ["f/a", "g/a", "h/a"]) recorded.set(each, { mtimeMs: 1, sizeBytes: 2, sha1: "1".repeat(40) });
    recorded.pack();
    const seen = createSeenFiles();
    seen.putFolder("f", seenAs("a", 1).packed(recorded.packedAt("f")));
    seen.putFolder("g", seenAs("a", 7).packed(recorded.packedAt("g")));
    seen.putFolder("h", seenAs("b", 1).packed(recorded.packedAt("h")));
    const paths = (entries: Iterable<[string, unknown]>) => [...entries].map(([each]) => each);
    expect(paths(entriesNotShared(seen, recorded))).toEqual(["g/a", "h/b"]);
    expect(paths(entriesNotShared(recorded, seen))).toEqual(["g/a", "h/a"]);
    recorded.set("f/a", { mtimeMs: 1, sizeBytes: 2, sha1: "2".repeat(40) });
    expect(paths(entriesNotShared(seen, recorded))).toEqual(["f/a", "g/a", "h/b"]);
  });
});
