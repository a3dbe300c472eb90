import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createScanReader } from "../../src/detect/folder.ts";
import { createScenes } from "./mirror-scene.ts";

const { begin, endAll } = createScenes();

afterEach(endAll);

const numbered = (count: number, name = "f") =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, `content of ${name}${at}`]));

describe("Mirror.pass(): protection", () => {
  test("an emptied FOLDER parks its deletions with exit 5; approve lets them go", async () => {
    const scene = await begin();
    scene.write({ a: "a", "f/b": "b" });
    await scene.sync();
    scene.remove("a", "f");
    const { exit, lines, movements } = await scene.sync();
    expect([exit, movements]).toEqual([5, []]);
    expect(lines.filter(({ event }) => event === "refuse").map(({ path }) => path)).toEqual([
      undefined,
      "a",
      "f/",
      "f/b",
    ]);
    expect(scene.site()).toEqual({ a: "a", "f/": "", "f/b": "b" });
    expect(scene.withState((state) => state.approval.approve())).toBe(3);
    const approved = await scene.sync();
    expect([approved.exit, approved.movements]).toEqual([0, ["delete a", "delete f/b", "rmdir f/"]]);
    expect(scene.site()).toEqual({});
    expect((await scene.sync()).exit).toBe(0);
  });

  test("an approval covers the list that was parked, and no later emptying", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    await scene.sync();
    scene.remove("a");
    await scene.sync();
    scene.withState((state) => state.approval.approve());
    scene.write({ a: "a", b: "b" });
    expect((await scene.sync()).exit).toBe(0);
    scene.remove("a", "b");
    expect((await scene.sync()).exit).toBe(5);
    expect(scene.site()).toEqual({ a: "a", b: "b" });
  });

  test("a missing FOLDER: exit 5, nothing is touched", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    await scene.sync();
    rmSync(scene.folder, { recursive: true });
    const asked = scene.server.commands.length;
    expect((await scene.sync()).exit).toBe(5);
    expect(scene.server.commands.length).toBe(asked);
    mkdirSync(scene.folder);
    expect((await scene.sync()).exit).toBe(5);
    expect(scene.site()).toEqual({ a: "a" });
  });

  test("FOLDER on another device: deletions wait with exit 5, the rest is done", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "b" });
    await scene.sync();
    scene.withState((state) => state.writeStatus({ ...state.readStatus(), device: "another" }));
    scene.remove("a");
    scene.write({ c: "c" });
    const { exit, movements } = await scene.sync();
    expect([exit, movements]).toEqual([5, ["upload c"]]);
    scene.withState((state) => state.approval.approve());
    expect((await scene.sync()).movements).toEqual(["delete a"]);
    scene.remove("b");
    expect((await scene.sync()).exit).toBe(0);
  });

  test("more deletions than --max-delete: exit 5, all the rest is done", async () => {
    const scene = await begin();
    scene.write({ ...numbered(30), keep: "k" });
    await scene.sync();
    scene.remove(...Object.keys(numbered(30)));
    scene.write({ new: "n" });
    const maxDelete = { kind: "percent", percent: 50, floor: 10 } as const;
    const { exit, movements, counts } = await scene.sync({ maxDelete });
    expect([exit, movements, counts.parked]).toEqual([5, ["upload new"], 30]);
    const again = await scene.sync({ maxDelete });
    expect([again.exit, again.movements]).toEqual([5, []]);
    expect(Object.keys(scene.site()).length).toBe(32);
    expect((await scene.sync()).counts.deleted).toBe(30);
  });

  test.skipIf(process.platform === "win32")("an unreadable .miroirignore: exit 5, nothing is sent", async () => {
    const scene = await begin();
    scene.write({ secret: "s", ".miroirignore/": "" });
    const { exit, lines } = await scene.sync();
    expect(exit).toBe(5);
    expect(lines.find(({ event }) => event === "refuse")?.detail).toContain(".miroirignore");
    expect(existsSync(scene.remote)).toBe(false);
  });

  test(".miroirignore is read anew, and never sent", async () => {
    const scene = await begin();
    scene.write({ ".miroirignore": "*.tmp\n", a: "a", "b.tmp": "b" });
    expect((await scene.sync()).movements).toEqual(["upload a"]);
    scene.write({ ".miroirignore": "a\n" });
    expect((await scene.sync()).movements).toEqual(["upload b.tmp"]);
    expect(scene.site()).toEqual({ a: "a", "b.tmp": "b" });
  });

  test("a remote folder that is missing later: exit 5, it is not made again", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    await scene.sync();
    rmSync(scene.remote, { recursive: true });
    scene.write({ b: "b" });
    expect((await scene.sync()).exit).toBe(5);
    expect(existsSync(scene.remote)).toBe(false);
  });
});

describe("Mirror.pass(): --delete", () => {
  test("none: nothing is deleted, renames still happen", async () => {
    const scene = await begin();
    scene.write({ gone: "gone", old: "moved", swap: "s" });
    await scene.sync();
    scene.remove("gone", "old", "swap");
    scene.write({ new: "moved", "swap/in": "x" });
    const { exit, movements, lines } = await scene.sync({ delete: "none" });
    expect([exit, movements]).toEqual([1, ["rename new"]]);
    expect(lines.filter(({ event }) => event === "fail")).toMatchObject([
      { path: "swap", reason: "blocked" },
      { path: "swap/in", reason: "blocked" },
    ]);
    expect(scene.site()).toEqual({ gone: "gone", new: "moved", swap: "s" });
  });

  test("all: foreign entries in scope go; excluded, too deep and temporary ones stay, with their folders", async () => {
    const scene = await begin();
    scene.write({ keep: "k" });
    scene.writeRemote({
      keep: "k",
      foreign: "x",
      "f/in": "x",
      "g/kept.txt": "x",
      "1/2/file": "x",
      "1/gone": "x",
      ".miroir-others": "x",
    });
    const readScan = createScanReader(scene.folder, {
      depth: 1,
      patterns: ["*.txt"],
      own: new Set(),
      follow: false,
      platform: "linux",
    });
    const { exit, movements } = await scene.sync({ delete: "all", readScan });
    expect([exit, movements]).toEqual([
      0,
      ["adopt keep", "delete 1/gone", "delete f/in", "delete foreign", "rmdir f/"],
    ]);
    expect(scene.site()).toEqual({
      ".miroir-others": "x",
      "1/": "",
      "1/2/": "",
      "1/2/file": "x",
      "g/": "",
      "g/kept.txt": "x",
      keep: "k",
    });
    const again = await scene.sync({ delete: "all", readScan });
    expect([again.exit, again.lines.filter(({ event }) => event !== "connect")]).toEqual([0, []]);
  });

  test("all: --max-delete holds for foreign entries too", async () => {
    const scene = await begin();
    scene.write({ keep: "k" });
    scene.writeRemote(numbered(20, "foreign"));
    const { exit } = await scene.sync({ delete: "all", maxDelete: { kind: "count", count: 5 } });
    expect([exit, Object.keys(scene.site()).length]).toEqual([5, 21]);
  });

  test("all: an empty FOLDER, be it of a first run, deletes nothing of others before a person says so", async () => {
    const scene = await begin();
    scene.writeRemote(numbered(3, "foreign"));
    const { exit, movements } = await scene.sync({ delete: "all" });
    expect([exit, movements, Object.keys(scene.site()).length]).toEqual([5, [], 3]);
    scene.withState((state) => state.approval.approve());
    expect((await scene.sync({ delete: "all" })).exit).toBe(0);
    expect(scene.site()).toEqual({});
  });

  test("all: a listing cut short, and hidden dot files, cost nothing of ours", async () => {
    for (const options of [{ listingLimit: 3 }, { hideDotFiles: true }]) {
      const scene = await begin(options);
      const ours = { ...numbered(10), ".htaccess": "deny" };
      scene.write(ours);
      await scene.sync();
      const { exit, counts } = await scene.sync({ delete: "all" });
      expect([exit, counts.deleted, scene.site()]).toEqual([0, 0, ours]);
    }
  });

  test("tracked: foreign entries stay whatever happens", async () => {
    const scene = await begin();
    scene.write({ keep: "k" });
    scene.writeRemote(numbered(3, "foreign"));
    await scene.sync();
    expect(Object.keys(scene.site()).length).toBe(4);
  });
});
