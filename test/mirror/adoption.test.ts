import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FILE } from "../../src/state/manifest-file.ts";
import { createScenes } from "./mirror-scene.ts";

const { begin, endAll } = createScenes();

afterEach(endAll);

describe("Mirror.pass(): a first run", () => {
  test("makes the remote folder and everything in it, with times; the next one asks the server nothing", async () => {
    const scene = await begin();
    scene.write({ "index.html": "<html>", "css/site.css": "body {}", "empty/": "", zero: "" }, 1_795_332_001);
    const first = await scene.sync();
    expect(first.exit).toBe(0);
    expect(first.movements).toEqual([
      "mkdir css/",
      "mkdir empty/",
      "upload css/site.css",
      "upload index.html",
      "upload zero",
    ]);
    expect(scene.site()).toEqual({
      "css/": "",
      "css/site.css": "body {}",
      "empty/": "",
      "index.html": "<html>",
      zero: "",
    });
    expect(statSync(join(scene.remote, "index.html")).mtimeMs).toBe(1_795_332_001_000);
    const asked = scene.server.commands.length;
    const second = await scene.sync();
    expect([second.exit, second.didOrFailed, second.lines]).toEqual([0, false, []]);
    expect(scene.server.commands.length).toBe(asked);
  });

  test("adopts what is there already, and sends only the rest", async () => {
    const scene = await begin();
    scene.write(
      { same: "same", "f/also": "also", bigger: "bigger", "other-time": "12345", missing: "x" },
      1_795_332_001,
    );
    scene.writeRemote({ same: "same", "f/also": "also", bigger: "big", foreign: "foreign" }, 1_795_332_001);
    scene.writeRemote({ "other-time": "12345" }, 1_700_000_000);
    const { exit, movements, lines, counts } = await scene.sync();
    expect(exit).toBe(0);
    expect(movements).toEqual([
      "adopt f/",
      "adopt f/also",
      "adopt same",
      "upload bigger",
      "upload missing",
      "upload other-time",
    ]);
    expect(counts.adopted).toBe(2);
    expect(lines.find(({ reason }) => reason === "same-size")?.detail).toContain("--adopt size");
    expect(scene.site().foreign).toBe("foreign");
    const asked = scene.server.commands.length;
    await scene.sync();
    expect(scene.server.commands.length).toBe(asked);
  });

  test("adopts by size when it is told to, and nothing when it is told so", async () => {
    for (const [adopt, sent] of [
      ["size", []],
      ["none", ["upload a"]],
    ] as const) {
      const scene = await begin();
      scene.write({ a: "12345" }, 1_795_332_001);
      scene.writeRemote({ a: "12345" }, adopt === "size" ? 1_700_000_000 : 1_795_332_001);
      const { movements } = await scene.sync({ adopt });
      expect(movements.filter((movement) => movement.startsWith("upload"))).toEqual([...sent]);
    }
  });

  test("adopts by MDTM where listings tell no time", async () => {
    const scene = await begin({ features: { mlsd: false, mlst: false } });
    scene.write({ same: "same", other: "12345" }, 1_795_332_001);
    scene.writeRemote({ same: "same" }, 1_795_332_001);
    scene.writeRemote({ other: "12345" }, 1_700_000_000);
    expect((await scene.sync()).movements).toEqual(["adopt same", "upload other"]);
  });

  test("an adopted file counts as miroir's: gone here, gone there", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "b" });
    scene.writeRemote({ a: "a", b: "b" });
    await scene.sync();
    scene.remove("a");
    expect((await scene.sync()).movements).toEqual(["delete a"]);
  });

  test("an empty FOLDER is a mirror as well: the remote folder is made, foreign entries stay", async () => {
    const scene = await begin();
    scene.writeRemote({ foreign: "x" });
    const { exit, movements } = await scene.sync();
    expect([exit, movements, scene.site()]).toEqual([0, [], { foreign: "x" }]);
  });
});

describe("Mirror.pass(): a manifest that was lost", () => {
  test("adopts what the server holds, and sends nothing of it; deletions made meanwhile stay", async () => {
    const scene = await begin();
    scene.write({ a: "a", "f/b": "b", gone: "g" });
    await scene.sync();
    rmSync(scene.stateFolder, { recursive: true });
    scene.remove("gone");
    const { exit, movements } = await scene.sync();
    expect([exit, movements]).toEqual([0, ["adopt a", "adopt f/", "adopt f/b"]]);
    expect(scene.site().gone).toBe("g");
  });

  test("a damaged one is set aside under a dated name, told, and the server's entries are adopted", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    await scene.sync();
    writeFileSync(join(scene.stateFolder, MANIFEST_FILE), '{ "version": 1, "files": { "a": ');
    const { exit, movements, lines } = await scene.sync();
    expect([exit, movements]).toEqual([0, ["adopt a"]]);
    const aside = readdirSync(scene.stateFolder).find((name) => name.startsWith("manifest.damaged-"));
    const told = `"manifest.json" was damaged: it is set aside as "${aside}" in "${scene.stateFolder}"`;
    expect(lines.find(({ reason }) => reason === "manifest")).toMatchObject({
      event: "warn",
      level: "warn",
      detail: `${told}, and what the server holds is adopted`,
    });
    expect(readFileSync(join(scene.stateFolder, aside ?? ""), "utf8")).toContain('"a": ');
  });
});
