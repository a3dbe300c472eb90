import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobOf, openFolder, rejectionOf, sha1Of, treeOf } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const MIB = 1024 * 1024;
const INTENT = { id: "x", path: "sub/a", temporary: "sub/.miroir-new", aside: "sub/.miroir-old" };

/** What becomes of the half-done after a crash. */
export function testRecovery(server: RunningServer): void {
  test.each([
    { name: "sweeps the temporary file", were: { ".miroir-new": "new", a: "old" }, left: { a: "old" } },
    { name: "sweeps it where there was no file before", were: { ".miroir-new": "new" }, left: {} },
    {
      name: "puts the old content back when the final name is missing",
      were: { ".miroir-old": "old" },
      left: { a: "old" },
    },
    {
      name: "puts it back although the new content is there in part",
      were: { ".miroir-new": "ne", ".miroir-old": "old" },
      left: { a: "old" },
    },
    {
      name: "deletes the old content when the final name is there",
      were: { a: "new", ".miroir-old": "old" },
      left: { a: "new" },
    },
    { name: "finds nothing to do", were: { a: "new" }, left: { a: "new" } },
    {
      name: "leaves the temporary names that it does not know",
      were: { ".miroir-new": "x", ".miroir-other": "foreign" },
      left: { ".miroir-other": "foreign" },
    },
  ])("recover() $name, twice in a row", async ({ were, left }) => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "sub"));
    for (const [name, content] of Object.entries(were)) writeFileSync(join(folder.disk, "sub", name), content);
    for (let run = 0; run < 2; run++) {
      await folder.site.recover(INTENT);
      const names = treeOf(join(folder.disk, "sub"));
      const found = names.map((name) => [name, readFileSync(join(folder.disk, "sub", name), "utf8")]);
      expect(Object.fromEntries(found)).toEqual(left);
    }
  });

  test("recover() when the folder is gone too does nothing", async () => {
    await using folder = openFolder(server());
    await folder.site.recover(INTENT);
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test.each([
    { name: "the temporary file is there", were: { ".miroir-x": "half" } },
    { name: "nothing of it is there", were: {} },
  ])("upload() settles an interrupted attempt first: $name", async ({ were }) => {
    await using folder = openFolder(server());
    for (const [name, content] of Object.entries(were)) writeFileSync(join(folder.disk, name), content);
    const job = jobOf("a", "whole");
    job.unsettled = { id: "x", temporary: ".miroir-x" };
    await folder.site.upload(job);
    expect(readFileSync(join(folder.disk, "a"), "utf8")).toBe("whole");
    expect(treeOf(folder.disk)).toEqual(["a"]);
    expect(job.unsettled).toBeUndefined();
  });

  test("upload() that turns out to be in place is not sent again", async () => {
    await using folder = openFolder(server());
    const uploaded = await folder.site.upload(jobOf("a", "whole"));
    const again = jobOf("a", "whole");
    again.unsettled = { id: uploaded.id, temporary: ".miroir-x", renaming: uploaded };
    expect(await folder.site.upload(again)).toEqual(uploaded);
    expect(again.intents).toEqual([]);
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });

  test.each([
    { name: "goes on where it broke off", changes: {}, resumes: true },
    { name: "starts again when the local file has another time", changes: { mtimeMs: 1 }, resumes: false },
    { name: "starts again when the local file has another size", changes: { sizeBytes: 1 }, resumes: false },
    { name: "starts again when the server holds more than the file", changes: {}, heldBytes: 6 * MIB, resumes: false },
  ])("upload() of a large file $name", async ({ changes, resumes, heldBytes = 2 * MIB }) => {
    await using folder = openFolder(server());
    const bytes = randomBytes(5 * MIB);
    writeFileSync(join(folder.disk, ".miroir-x"), Buffer.concat([bytes, bytes]).subarray(0, heldBytes));
    const begun = { sizeBytes: bytes.length, mtimeMs: 1_600_000_000_123.25, ...changes };
    const job = jobOf("a", bytes);
    job.unsettled = { id: "x", temporary: ".miroir-x", begun };
    const progress: number[] = [];
    job.onProgress = (sentBytes) => progress.push(sentBytes);
    expect(await folder.site.upload(job)).toMatchObject({ sizeBytes: bytes.length, sha1: sha1Of(bytes), dated: true });
    expect(readFileSync(join(folder.disk, "a")).equals(bytes)).toBe(true);
    expect(treeOf(folder.disk)).toEqual(["a"]);
    expect((progress[0] ?? 0) > 2 * MIB).toBe(resumes);
    expect(job.intents.map(({ temporary }) => temporary === ".miroir-x")).toEqual([resumes]);
  });

  test("upload() of a large file that cannot be read again where it broke off is `unreadable`", async () => {
    await using folder = openFolder(server(), { connections: 1 });
    const bytes = randomBytes(5 * MIB);
    writeFileSync(join(folder.disk, ".miroir-x"), bytes.subarray(0, 2 * MIB));
    const job = jobOf("a", bytes, { failsAtBytes: MIB });
    job.unsettled = {
      id: "x",
      temporary: ".miroir-x",
      begun: { sizeBytes: bytes.length, mtimeMs: 1_600_000_000_123.25 },
    };
    expect(await rejectionOf(folder.site.upload(job))).toMatchObject({ kind: "permanent", reason: "unreadable" });
    await folder.site.upload(jobOf("b", "next"));
    expect(treeOf(folder.disk).filter((path) => path !== ".miroir-x")).toEqual(["b"]);
  });

  test("recover() removes the folder that an interrupted probeNames() left, and nothing that holds something", async () => {
    await using folder = openFolder(server());
    for (const path of [".miroir-x/x1", ".miroir-x/case", ".miroir-y/x1"]) {
      mkdirSync(join(folder.disk, path), { recursive: true });
    }
    writeFileSync(join(folder.disk, ".miroir-y/x1/foreign"), "x");
    await folder.site.recover({ id: "x", path: "", temporary: ".miroir-x" });
    await folder.site.recover({ id: "y", path: "", temporary: ".miroir-y" });
    expect(treeOf(folder.disk)).toEqual([".miroir-y/", ".miroir-y/x1/", ".miroir-y/x1/foreign"]);
  });
}
