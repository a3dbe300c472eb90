import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createScanReader } from "../../src/detect/folder.ts";
import { scan } from "../../src/detect/scan.ts";

let base: string;
let folder: string;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "miroir-follow-")));
  folder = join(base, "folder");
  mkdirSync(join(folder, "real"), { recursive: true });
  mkdirSync(join(base, "outside/deep"), { recursive: true });
  writeFileSync(join(folder, "real/file"), "12345");
  writeFileSync(join(base, "outside/deep/far"), "123");
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const look = (follow: boolean) =>
  scan(folder, createScanReader(folder, { depth: 6, patterns: [], own: new Set(), follow, platform: "linux" })());

describe.skipIf(process.platform === "win32")("scan() with links followed", () => {
  test("takes files and folders that links lead to, wherever they are", async () => {
    symlinkSync("real/file", join(folder, "near"));
    symlinkSync(join(base, "outside"), join(folder, "far"));
    const { files, folders, skipped } = await look(true);
    expect(files.get("near")?.sizeBytes).toBe(5);
    expect(files.get("far/deep/far")?.sizeBytes).toBe(3);
    expect([...folders].sort()).toEqual(["far", "far/deep", "real"]);
    expect(skipped.size).toBe(0);
  });

  test.each([
    { name: "to FOLDER itself", link: "real/up", target: ".." },
    { name: "to the folder it stands in", link: "real/here", target: "." },
  ])("ends at a link that leads $name", async ({ link, target }) => {
    symlinkSync(target, join(folder, link));
    const { files, skipped } = await look(true);
    expect(files.has("real/file")).toBe(true);
    expect(skipped.get(link)).toMatchObject({ reason: "link", told: true });
  });

  test("tells a link that leads nowhere, and two that lead to each other", async () => {
    symlinkSync("gone", join(folder, "broken"));
    symlinkSync("two", join(folder, "one"));
    symlinkSync("one", join(folder, "two"));
    const { files, skipped, problems } = await look(true);
    expect(files.size).toBe(1);
    const told = [...skipped.keys(), ...problems.map(({ path }) => path)].sort();
    expect(told).toEqual(["broken", "one", "two"]);
    expect(skipped.get("broken")?.detail).toContain("what it points to does not exist");
  });

  test("skips them all when links are not followed", async () => {
    symlinkSync("real", join(folder, "link"));
    expect([...(await look(false)).skipped.keys()]).toEqual(["link"]);
  });
});
