import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobOf, mtimeOf, openFolder, sha1Of, type TestJob, treeOf, uploadInARow } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const KIB = 1024;

/** Many files one after the other on one session: each has its own outcome, whatever becomes of its neighbours. */
export function testRows(server: RunningServer): void {
  test.each([
    { name: "new files", areThere: false },
    { name: "files that replace others", areThere: true },
  ])("uploads() of 30 $name in a row: each whole, dated, reported in order, nothing left over", async ({
    areThere,
  }) => {
    await using folder = openFolder(server(), { connections: 1 });
    const files = Array.from({ length: 30 }, (_, index) => ({
      path: `file ${String(index).padStart(2, "0")}`,
      bytes: randomBytes(index % 5 === 0 ? 0 : index * 3 * KIB + index),
      mtimeMs: 1_600_000_000_250 + index * 1000,
    }));
    if (areThere) for (const { path } of files) writeFileSync(join(folder.disk, path), "old");
    const reported: string[] = [];
    const jobs = files.map(({ path, bytes, mtimeMs }) => ({ ...jobOf(path, bytes, { mtimeMs }), replaces: areThere }));
    const waiting = [...jobs];
    await folder.site.uploads(
      () => waiting.shift(),
      (job, result) => {
        reported.push(job.path);
        const file = files.find(({ path }) => path === job.path);
        expect(result).toMatchObject({ sha1: sha1Of(file?.bytes ?? ""), dated: true, mtimeMs: file?.mtimeMs });
      },
    );
    expect(reported).toEqual(files.map(({ path }) => path));
    expect(treeOf(folder.disk)).toEqual(files.map(({ path }) => path));
    for (const { path, bytes, mtimeMs } of files) {
      expect(readFileSync(join(folder.disk, path)).equals(bytes)).toBe(true);
      expect(mtimeOf(join(folder.disk, path))).toBe(mtimeMs - 250);
    }
    expect(jobs.map(({ unsettled, intents }) => [unsettled, intents.length])).toEqual(jobs.map(() => [undefined, 1]));
  });

  test("uploads() of good and bad files in a row: the bad ones fail, each for its own reason, the good ones arrive", async () => {
    await using folder = openFolder(server(), { connections: 1 });
    mkdirSync(join(folder.disk, "folder/foreign"), { recursive: true });
    for (const path of ["changed", "unreadable", "closed"]) writeFileSync(join(folder.disk, path), "old");
    const closed: TestJob = { ...jobOf("closed", ""), open: () => Promise.reject(new Error("EACCES")) };
    const bad: Array<[TestJob, object]> = [
      [jobOf("changed", "x".repeat(300 * KIB), { isChanged: true }), { reason: "changed" }],
      [jobOf("unreadable", "x".repeat(300 * KIB), { failsAtBytes: 100 * KIB }), { reason: "unreadable" }],
      [jobOf("unreadable at once", "x", { failsAtBytes: 0 }), { reason: "unreadable" }],
      [closed, { message: "EACCES" }],
      [jobOf("folder", "x"), { reason: "blocked" }],
      [jobOf("n".repeat(300), "x"), { reason: "refused" }],
      [jobOf("gone/a", "x"), { reason: "missing" }],
    ];
    const good = Array.from({ length: bad.length + 2 }, (_, index) => jobOf(`good ${index}`, `content ${index}`));
    const [first, ...others] = good;
    if (!first) throw new Error("there is none");
    const row = [first, ...bad.flatMap(([job], index) => [job, others[index] ?? first]), ...others.slice(bad.length)];
    const results = await uploadInARow(folder.site, row);
    for (const [index, job] of row.entries()) {
      const want = bad.find(([each]) => each === job)?.[1];
      if (want) expect(results[index]).toMatchObject(want);
      else expect(results[index]).toMatchObject({ dated: true });
      expect(job.unsettled).toBeUndefined();
    }
    expect(treeOf(folder.disk)).toEqual(
      [
        "changed",
        "closed",
        "folder/",
        "folder/foreign/",
        "gone/",
        "unreadable",
        ...good.map(({ path }) => path),
      ].sort(),
    );
    for (const path of ["changed", "unreadable", "closed"]) {
      expect(readFileSync(join(folder.disk, path), "utf8")).toBe("old");
    }
    for (const [index, { path }] of good.entries()) {
      expect(readFileSync(join(folder.disk, path), "utf8")).toBe(`content ${index}`);
    }
  });

  test("uploads() settles an interrupted attempt in the middle of a row", async () => {
    await using folder = openFolder(server(), { connections: 1 });
    writeFileSync(join(folder.disk, ".miroir-x"), "half");
    const interrupted = jobOf("b", "whole");
    interrupted.unsettled = { id: "x", temporary: ".miroir-x" };
    const results = await uploadInARow(folder.site, [jobOf("a", "1"), interrupted, jobOf("c", "2")]);
    expect(results).toMatchObject([{ dated: true }, { dated: true }, { dated: true }]);
    expect(treeOf(folder.disk)).toEqual(["a", "b", "c"]);
    expect(readFileSync(join(folder.disk, "b"), "utf8")).toBe("whole");
  });

  test("four rows of uploads() at once share 60 files among them", async () => {
    await using folder = openFolder(server());
    const waiting = Array.from({ length: 60 }, (_, index) => jobOf(`file ${index}`, `content ${index}`));
    const paths = waiting.map(({ path }) => path).sort();
    const done: string[] = [];
    const row = () =>
      folder.site.uploads(
        () => waiting.shift(),
        (job, result) => {
          expect(result).toMatchObject({ dated: true });
          done.push(job.path);
        },
      );
    await Promise.all([row(), row(), row(), row()]);
    expect(done.sort()).toEqual(paths);
    expect(treeOf(folder.disk)).toEqual(paths);
    for (const path of paths) {
      expect(readFileSync(join(folder.disk, path), "utf8")).toBe(path.replace("file", "content"));
    }
  });
}
