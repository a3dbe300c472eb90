import { describe, expect, test } from "bun:test";
import { foldedName, isAtOrBelow, levelOf, nameOf, parentOf, upwards } from "../../src/detect/tree.ts";

describe("paths of a tree", () => {
  test.each<{ path: string; parent: string; name: string; level: number; up: string[] }>([
    { path: "a", parent: "", name: "a", level: 0, up: ["a", ""] },
    { path: "a/b", parent: "a", name: "b", level: 1, up: ["a/b", "a", ""] },
    { path: "a b/ c /d.e", parent: "a b/ c ", name: "d.e", level: 2, up: ["a b/ c /d.e", "a b/ c ", "a b", ""] },
    { path: "__proto__/x", parent: "__proto__", name: "x", level: 1, up: ["__proto__/x", "__proto__", ""] },
    { path: "", parent: "", name: "", level: 0, up: [""] },
  ])("parentOf(), nameOf(), levelOf(), upwards() of $path", ({ path, parent, name, level, up }) => {
    expect([parentOf(path), nameOf(path), levelOf(path), [...upwards(path)]]).toEqual([parent, name, level, up]);
  });

  test.each([
    { path: "a", folder: "a", want: true },
    { path: "a/b", folder: "a", want: true },
    { path: "a/b", folder: "", want: true },
    { path: "ab", folder: "a", want: false },
    { path: "a-/b", folder: "a", want: false },
    { path: "a", folder: "a/b", want: false },
    { path: "b/a", folder: "a", want: false },
  ])('isAtOrBelow("$path", "$folder") is $want', ({ path, folder, want }) => {
    expect(isAtOrBelow(path, folder)).toBe(want);
  });

  test.each([
    { one: "Index.HTML", other: "index.html", same: true },
    { one: "caf\u00e9", other: "cafe\u0301", same: true },
    { one: "\u00c9", other: "e\u0301", same: true },
    { one: "a/B", other: "A/b", same: true },
    { one: "a", other: "a ", same: false },
  ])("foldedName() of $one and $other: one name is $same", ({ one, other, same }) => {
    expect(foldedName(one) === foldedName(other)).toBe(same);
  });
});
