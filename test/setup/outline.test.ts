import { expect, test } from "bun:test";
import type { Skip, Snapshot } from "../../src/detect/tree.ts";
import { outlineLines } from "../../src/setup/outline.ts";

function snapshot(skips: Skip[], more: Partial<Snapshot> = {}): Snapshot {
  const skipped = new Map(skips.map((skip) => [skip.path, skip]));
  return { files: new Map(), folders: new Set(), problems: [], skipped, ...more };
}

const skip = (path: string, reason: Skip["reason"], isFolder = false): Skip => ({
  path,
  isFolder,
  reason,
  told: false,
});

test("outlineLines() counts files, folders and bytes", () => {
  const files = new Map([
    ["a", { sizeBytes: 1_000_000, mtimeMs: 0 }],
    ["b/c", { sizeBytes: 500_000, mtimeMs: 0 }],
  ]);
  expect(outlineLines(snapshot([], { files, folders: new Set(["b"]) }), 6)).toEqual(["2 files in 1 folder, 1.5 MB"]);
});

test("outlineLines() names what is left out and why, miroir's own files apart", () => {
  const skips = [
    skip("d", "excluded", true),
    ...["4", "1", "3", "2"].map((name) => skip(`x${name}.bak`, "excluded")),
    skip("a/b", "too-deep", true),
    skip("miroir.log", "own"),
    skip("l", "link"),
  ];
  const problems = [{ path: "secret", reason: "unreadable" as const, detail: "" }];
  expect(outlineLines(snapshot(skips, { problems }), 1).slice(1)).toEqual([
    "5 left out, excluded by a rule: d/, x1.bak, x2.bak, ...",
    "1 left out, below 1 level of sub-folders (--depth): a/b/",
    "1 left out, a symbolic link: l",
    "1 left out, cannot be read: secret",
  ]);
});
