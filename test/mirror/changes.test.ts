import { afterEach, describe, expect, test } from "bun:test";
import { renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createScanReader } from "../../src/detect/folder.ts";
import { createScenes } from "./mirror-scene.ts";

const { begin, endAll } = createScenes();

afterEach(endAll);

describe("Mirror.pass(): changes", () => {
  test("of every kind arrive, each in its cheapest way", async () => {
    const scene = await begin();
    scene.write({ moved: "moved", edited: "1", dated: "same", gone: "x", "f/one": "1", "f/two": "22", swap: "s" });
    await scene.sync();
    scene.remove("moved", "gone", "swap");
    scene.write({ "new/moved": "moved", edited: "12", added: "added", "swap/in": "in" });
    scene.write({ dated: "same" }, 1_795_332_001);
    renameSync(join(scene.folder, "f"), join(scene.folder, "g"));
    const { exit, movements } = await scene.sync();
    expect(exit).toBe(0);
    expect(movements).toEqual([
      "delete gone",
      "delete swap",
      "mkdir new/",
      "mkdir swap/",
      "rename g/",
      "rename new/moved",
      "touch dated",
      "upload added",
      "upload edited",
      "upload swap/in",
    ]);
    expect(scene.site()).toEqual({
      added: "added",
      dated: "same",
      edited: "12",
      "g/": "",
      "g/one": "1",
      "g/two": "22",
      "new/": "",
      "new/moved": "moved",
      "swap/": "",
      "swap/in": "in",
    });
    expect((await scene.sync()).movements).toEqual([]);
  });

  test("a refused rename becomes an upload and a deletion in the same pass", async () => {
    const scene = await begin();
    scene.write({ old: "content" });
    await scene.sync();
    renameSync(join(scene.folder, "old"), join(scene.folder, "new"));
    scene.server.inject({ command: "RNFR", path: "www/old", reply: "550 not today", times: 100 });
    const { exit, movements } = await scene.sync();
    expect([exit, movements, scene.site()]).toEqual([0, ["delete old", "upload new"], { new: "content" }]);
  });

  test("a refused folder rename becomes renames of its files, refused ones become uploads, all in the same pass", async () => {
    const scene = await begin();
    scene.write({ "f/one": "1", "f/two": "22", "f/sub/three": "333" });
    await scene.sync();
    renameSync(join(scene.folder, "f"), join(scene.folder, "g"));
    scene.write({ "g/one": "1" }, 1_795_332_001);
    scene.server.inject({ command: "RNFR", path: "www/f", reply: "550 not today", times: 100 });
    scene.server.inject({ command: "RNFR", path: /^www\/f\/(one|two)$/, reply: "550 not today", times: 100 });
    const { exit, movements } = await scene.sync();
    expect([exit, movements]).toEqual([
      0,
      ["delete f/one", "delete f/two", "mkdir g/", "rename g/sub/", "rmdir f/", "upload g/one", "upload g/two"],
    ]);
    expect(scene.site()).toEqual({ "g/": "", "g/one": "1", "g/two": "22", "g/sub/": "", "g/sub/three": "333" });
  });

  test("one bad file: exit 1, the others arrive, and it is mended at the next run", async () => {
    const scene = await begin();
    scene.write({ a: "a", bad: "bad", c: "c" });
    scene.server.inject({ command: "STOR", path: /^www\//, occurrence: 2, times: 1, reply: "553 not this one" });
    const { exit, lines } = await scene.sync();
    expect(exit).toBe(1);
    expect(lines.filter(({ event }) => event === "fail")).toMatchObject([{ reason: "refused", code: 553 }]);
    expect(Object.keys(scene.site()).length).toBe(2);
    expect((await scene.sync()).exit).toBe(0);
    expect(scene.site()).toEqual({ a: "a", bad: "bad", c: "c" });
  });

  test("a foreign file in a folder that is gone keeps the folder, with exit 0 and one skip, told once", async () => {
    const scene = await begin();
    scene.write({ "f/ours": "x", keep: "k" });
    await scene.sync();
    scene.writeRemote({ "f/theirs": "theirs" });
    scene.remove("f");
    const { exit, lines } = await scene.sync();
    expect(exit).toBe(0);
    expect(lines.filter(({ event }) => event === "skip")).toMatchObject([{ path: "f/", reason: "not-empty" }]);
    expect(scene.site()).toEqual({ "f/": "", "f/theirs": "theirs", keep: "k" });
    expect((await scene.sync()).lines).toEqual([]);
  });

  test("a file that stands where a folder of others is: failed as blocked, theirs untouched", async () => {
    const scene = await begin();
    scene.write({ keep: "k" });
    scene.writeRemote({ "name/theirs": "theirs" });
    await scene.sync();
    scene.write({ name: "a file" });
    const { exit, lines } = await scene.sync();
    expect(exit).toBe(1);
    expect(lines.filter(({ event }) => event === "fail")).toMatchObject([{ path: "name", reason: "blocked" }]);
    expect(scene.site()).toEqual({ keep: "k", "name/": "", "name/theirs": "theirs" });
  });

  test("what becomes too deep or excluded stays on the site, and is ours again when it comes back", async () => {
    const scene = await begin();
    const scope = (depth: number, patterns: string[]) => ({
      readScan: createScanReader(scene.folder, { depth, patterns, own: new Set(), follow: false, platform: "linux" }),
    });
    scene.write({ "a/b/deep": "deep", "secret.txt": "s", keep: "k" });
    await scene.sync();
    expect((await scene.sync(scope(0, ["*.txt"]))).movements).toEqual([]);
    rmSync(join(scene.folder, "a/b/deep"));
    rmSync(join(scene.folder, "secret.txt"));
    expect((await scene.sync(scope(0, ["*.txt"]))).movements).toEqual([]);
    expect((await scene.sync()).movements).toEqual(["delete a/b/deep", "delete secret.txt"]);
  });

  test("an edit within the same size and mtime is found: the mtime was too near", async () => {
    const scene = await begin();
    const nowSeconds = Date.now() / 1000;
    scene.write({ a: "one" }, nowSeconds);
    await scene.sync();
    scene.write({ a: "two" }, nowSeconds);
    expect((await scene.sync()).movements).toEqual(["upload a"]);
    expect(scene.site()).toEqual({ a: "two" });
  });

  test("a run without changes leaves manifest and journal as they are", async () => {
    const scene = await begin();
    scene.write({ a: "1", "f/b": "2" });
    await scene.sync();
    const stateOf = (name: string) => {
      const { ino, mtimeMs } = statSync(join(scene.stateFolder, name));
      return { ino, mtimeMs };
    };
    const before = ["manifest.json", "journal.jsonl"].map(stateOf);
    expect((await scene.sync()).movements).toEqual([]);
    expect(["manifest.json", "journal.jsonl"].map(stateOf)).toEqual(before);
  });
});
