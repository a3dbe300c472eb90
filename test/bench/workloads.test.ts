import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countFiles, readTree } from "../e2e/trees.ts";
import { deepPath, flatPath, makeLargeFile, makeSmallFiles } from "./workloads.ts";

let folder: string;
const { signal } = new AbortController();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-workloads-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("makeSmallFiles() makes the same files each time, no two with the same content", async () => {
  const files = { path: flatPath, count: 250, sizeBytes: 300 };
  for (const name of ["a", "b"]) await makeSmallFiles(join(folder, name), files, signal);
  const [a, b] = ["a", "b"].map((name) => readTree(join(folder, name)));
  expect(a).toEqual(b);
  expect(a?.size).toBe(253);
  expect(new Set(a?.values()).size).toBe(251);
  const times = ["a", "b"].map((name) => statSync(join(folder, name, flatPath(249))));
  expect(times.map((stat) => [stat.size, stat.mtimeMs])).toEqual(Array(2).fill([300, Date.UTC(2024, 0, 1, 0, 4, 9)]));
});

test("makeLargeFile() makes exactly so many bytes, the same each time", async () => {
  const sizeBytes = 2.5 * 1024 ** 2;
  for (const name of ["a", "b"]) await makeLargeFile(join(folder, name, "large"), sizeBytes, signal);
  expect(readTree(join(folder, "a"))).toEqual(readTree(join(folder, "b")));
  expect(statSync(join(folder, "a", "large")).size).toBe(sizeBytes);
});

test("makeSmallFiles() and makeLargeFile() can be interrupted", async () => {
  const stopped = AbortSignal.abort(new Error("stopped"));
  const files = { path: deepPath, count: 10, sizeBytes: 10 };
  await expect(makeSmallFiles(folder, files, stopped)).rejects.toThrow("stopped");
  await expect(makeLargeFile(join(folder, "large"), 10, stopped)).rejects.toThrow("stopped");
  expect(countFiles(readTree(folder))).toBeLessThan(2);
});

test.each([
  { index: 0, want: "0/0/0/file-00" },
  { index: 12_345, want: "1/2/3/file-45" },
  { index: 99_999, want: "9/9/9/file-99" },
])("deepPath($index) is $want", ({ index, want }) => expect(deepPath(index)).toBe(want));
