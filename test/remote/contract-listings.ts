import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder, rejectionOf, treeOf } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const SECONDS = 1_500_000_000;

/** Opening, listing and asking for times. */
export function testListings(server: RunningServer): void {
  test.each([
    { name: "relative", isAbsolute: false },
    { name: "absolute", isAbsolute: true },
  ])("open() makes a missing nested remote folder, $name", async ({ isAbsolute }) => {
    await using folder = openFolder(server(), { below: "www/a b/ü", isAbsolute });
    await folder.site.open(true);
    expect(treeOf(folder.disk)).toEqual([]);
    await folder.site.open(false);
    expect(folder.connected).toEqual([{ encrypted: server().tls !== "off" }]);
  });

  test("open() takes the login folder itself as the remote folder", async () => {
    await using folder = openFolder(server(), { isLoginFolder: true });
    await folder.site.open(false);
  });

  test("open() refuses a missing remote folder that it may not create", async () => {
    await using folder = openFolder(server(), { below: "www" });
    expect(await rejectionOf(folder.site.open(false))).toMatchObject({ kind: "fatal", reason: "missing" });
    expect(treeOf(join(folder.disk, ".."))).toEqual([]);
  });

  test("open() refuses a remote folder that is a file", async () => {
    await using folder = openFolder(server(), { below: "www" });
    writeFileSync(folder.disk, "a file");
    await rejectionOf(folder.site.open(true));
    expect(treeOf(join(folder.disk, ".."))).toEqual(["www"]);
  });

  test("list() gives names, types, sizes, and times where the server has MLSD", async () => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "sub/.dotted folder"), { recursive: true });
    for (const [name, content] of [
      ["sub/a.txt", "four"],
      ["sub/empty", ""],
      ["sub/.htaccess", "deny"],
      ["sub/ünï 😀.txt", "x".repeat(4096)],
    ] as const) {
      writeFileSync(join(folder.disk, name), content);
      utimesSync(join(folder.disk, name), SECONDS, SECONDS);
    }
    await folder.site.open(false);
    const { entries, complete } = await folder.site.list("sub");
    expect(complete).toBe(true);
    const seen = entries
      .map(({ name, type, sizeBytes, mtimeMs }) => (type === "file" ? [name, type, sizeBytes, mtimeMs] : [name, type]))
      .sort();
    const time = server().kind === "vsftpd" ? undefined : SECONDS * 1000;
    expect(seen).toEqual([
      [".dotted folder", "folder"],
      [".htaccess", "file", 4, time],
      ["a.txt", "file", 4, time],
      ["empty", "file", 0, time],
      ["ünï 😀.txt", "file", 4096, time],
    ]);
    expect((await folder.site.list("")).entries.map(({ name, type }) => [name, type])).toEqual([["sub", "folder"]]);
  });

  test("list() of an empty folder is empty and complete", async () => {
    await using folder = openFolder(server());
    expect(await folder.site.list("")).toEqual({ entries: [], complete: true });
  });

  test.each([
    "gone",
    "gone/deeper",
    "a file",
  ])("list() of %j, which is no folder, is an error and never empty", async (path) => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "a file"), "");
    const error = await rejectionOf(folder.site.list(path));
    expect(error).toMatchObject({ kind: "permanent" });
    if (path !== "a file") expect(error).toMatchObject({ reason: "missing" });
    expect((await folder.site.list("")).entries).toHaveLength(1);
  });

  test("list() gives every one of 1,200 entries", async () => {
    await using folder = openFolder(server());
    const names = Array.from({ length: 1200 }, (_, index) => `file ${String(index).padStart(4, "0")}`);
    for (const name of names) writeFileSync(join(folder.disk, name), "");
    const { entries, complete } = await folder.site.list("");
    expect(complete).toBe(true);
    expect(entries.map(({ name }) => name).sort()).toEqual(names);
  });

  test("times() are UTC in whole seconds; a file that is not there has none", async () => {
    await using folder = openFolder(server());
    const paths = Array.from({ length: 100 }, (_, index) => `${index}`);
    for (const [index, path] of paths.entries()) {
      writeFileSync(join(folder.disk, path), "");
      utimesSync(join(folder.disk, path), SECONDS + index, SECONDS + index);
    }
    const times = await folder.site.times([...paths.slice(0, 50), "gone", ...paths.slice(50)]);
    expect([...times]).toEqual(paths.map((path, index) => [path, (SECONDS + index) * 1000]));
  });
}
