import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Operation } from "../../src/remote/site.ts";
import { mtimeOf, openFolder, performed, treeOf } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

/** Changes of one or two commands, many in one write. */
export function testOperations(server: RunningServer): void {
  test("perform() carries a mixed list out in order, and reports it in order", async () => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "old folder/deep"), { recursive: true });
    mkdirSync(join(folder.disk, "empty"));
    for (const path of ["old name", "old folder/deep/file", "unwanted"]) writeFileSync(join(folder.disk, path), path);
    const operations: Operation[] = [
      { op: "mkdir", path: "new" },
      { op: "mkdir", path: "new/deeper" },
      { op: "rename", from: "old name", path: "new/deeper/name", isFolder: false, sizeBytes: 8 },
      { op: "rename", from: "old folder", path: "new/folder", isFolder: true },
      { op: "touch", path: "new/deeper/name", mtimeMs: 1_500_000_000_777 },
      { op: "delete", path: "unwanted" },
      { op: "rmdir", path: "empty" },
    ];
    const results = await performed(folder.site, operations);
    expect(results).toEqual(operations.map(({ op, path }) => `${op} ${path} done`));
    expect(treeOf(folder.disk)).toEqual([
      "new/",
      "new/deeper/",
      "new/deeper/name",
      "new/folder/",
      "new/folder/deep/",
      "new/folder/deep/file",
    ]);
    expect(readFileSync(join(folder.disk, "new/deeper/name"), "utf8")).toBe("old name");
    expect(mtimeOf(join(folder.disk, "new/deeper/name"))).toBe(1_500_000_000_000);
  });

  test.each<{ name: string; operation: Operation; want: string; wantOfPureFtpd?: string }>([
    { name: "delete of an absent file", operation: { op: "delete", path: "gone" }, want: "absent" },
    { name: "delete below an absent folder", operation: { op: "delete", path: "gone/a" }, want: "absent" },
    { name: "rmdir of an absent folder", operation: { op: "rmdir", path: "gone" }, want: "absent" },
    { name: "rmdir below an absent folder", operation: { op: "rmdir", path: "gone/a" }, want: "absent" },
    { name: "mkdir of an existing folder", operation: { op: "mkdir", path: "sub" }, want: "existed" },
    { name: "mkdir over a file", operation: { op: "mkdir", path: "file" }, want: "permanent blocked" },
    { name: "mkdir below an absent folder", operation: { op: "mkdir", path: "gone/a" }, want: "permanent refused" },
    { name: "rmdir of a folder with foreign content", operation: { op: "rmdir", path: "sub" }, want: "kept" },
    { name: "rmdir of a folder with a dot file", operation: { op: "rmdir", path: "dotted" }, want: "kept" },
    { name: "delete of what is a folder", operation: { op: "delete", path: "sub" }, want: "absent" },
    { name: "rmdir of what is a file", operation: { op: "rmdir", path: "file" }, want: "absent" },
    {
      name: "rename of a missing file",
      operation: { op: "rename", from: "gone", path: "b", isFolder: false },
      want: "permanent refused",
    },
    {
      // Pure-FTPd answers 451.
      name: "rename below an absent folder",
      operation: { op: "rename", from: "file", path: "gone/b", isFolder: false },
      want: "permanent refused",
      wantOfPureFtpd: "transient refused",
    },
    {
      name: "an unsettled rename that happened",
      operation: { op: "rename", from: "gone", path: "file", isFolder: false, sizeBytes: 7, unsettled: true },
      want: "done",
    },
    {
      name: "an unsettled rename whose target is another file",
      operation: { op: "rename", from: "gone", path: "file", isFolder: false, sizeBytes: 8, unsettled: true },
      want: "permanent refused",
    },
  ])("perform(): $name is $want", async ({ operation, ...row }) => {
    const want = server().kind === "pure-ftpd" ? (row.wantOfPureFtpd ?? row.want) : row.want;
    await using folder = openFolder(server());
    for (const path of ["sub", "dotted"]) mkdirSync(join(folder.disk, path));
    for (const path of ["file", "sub/foreign", "dotted/.foreign"]) writeFileSync(join(folder.disk, path), "content");
    const before = treeOf(folder.disk);
    expect(await performed(folder.site, [operation])).toEqual([`${operation.op} ${operation.path} ${want}`]);
    expect(treeOf(folder.disk)).toEqual(before);
    expect(await performed(folder.site, [{ op: "mkdir", path: "next" }])).toEqual(["mkdir next done"]);
  });

  test("perform(): touch of a missing file is no time set, and makes no file", async () => {
    await using folder = openFolder(server());
    const [result] = await performed(folder.site, [{ op: "touch", path: "gone", mtimeMs: 1_500_000_000_000 }]);
    expect(result).not.toBe("touch gone done");
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test("perform(): a refused touch does not stop later ones from being set", async () => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "a"), "");
    await performed(folder.site, [{ op: "touch", path: "gone", mtimeMs: 1_500_000_000_000 }]);
    await performed(folder.site, [{ op: "touch", path: "a", mtimeMs: 1_500_000_000_000 }]);
    expect(mtimeOf(join(folder.disk, "a"))).toBe(1_500_000_000_000);
  });

  test("perform() of 200 operations at once, some refused in between", async () => {
    await using folder = openFolder(server());
    const paths = Array.from({ length: 50 }, (_, index) => `folder ${index}`);
    const operations = paths.flatMap((path): Operation[] => [
      { op: "mkdir", path },
      { op: "rename", from: path, path: `${path} renamed`, isFolder: true },
      { op: "delete", path: `${path} renamed/absent` },
      { op: "rmdir", path: `${path} renamed` },
    ]);
    const results = await performed(folder.site, operations);
    expect(results).toHaveLength(200);
    const wanted = operations.map(({ op, path }) => `${op} ${path} ${op === "delete" ? "absent" : "done"}`);
    expect(results.toSorted()).toEqual(wanted.toSorted());
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test("perform() of nothing reports nothing", async () => {
    await using folder = openFolder(server());
    expect(await performed(folder.site, [])).toEqual([]);
  });
}
