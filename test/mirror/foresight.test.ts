import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { until } from "../remote/scripted-server.ts";
import { createScenes, type Scene } from "./mirror-scene.ts";

const scenes = createScenes();
afterEach(scenes.endAll);

const FILES = { "a.txt": "one", "folder/b.txt": "two", "log/c.log": "three", ".miroirignore": "log/\n" };

/** What the server received since the last time. */
function listenTo({ server }: Scene) {
  let heard = server.commands.length;
  return () => {
    const since = server.commands.slice(heard).map(({ text }) => text);
    heard = server.commands.length;
    return since;
  };
}

const PREPARED = ["MLST /www", "EPSV"];

/** Waits until the server has been asked for one more port. */
async function foreseen({ server }: Scene, foresee: () => void): Promise<void> {
  const ports = () => server.commands.filter(({ text }) => text === "EPSV").length;
  const before = ports();
  foresee();
  await until(() => ports() > before);
}

describe("Mirror.foresee()", () => {
  test("of a file that was saved asks for the remote folder and a port, and the pass for neither", async () => {
    const scene = await scenes.begin();
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      expect(await pass()).toMatchObject({ exit: 0 });
      const heard = listenTo(scene);
      scene.write({ "a.txt": "another" });
      mirror.foresee("a.txt");
      mirror.foresee("a.txt");
      expect(await pass()).toMatchObject({ exit: 0, movements: ["upload a.txt"] });
      const commands = heard();
      expect(commands.slice(0, 3).map((each) => each.replace(/\.miroir.*/, ""))).toEqual([...PREPARED, "STOR /www/"]);
      expect(commands.filter((each) => PREPARED.includes(each))).toEqual(PREPARED);
    });
    expect(scene.site()["a.txt"]).toBe("another");
  });

  test.each([
    { name: "is as the site has it", change() {}, named: "a.txt" },
    { name: "is not there", change() {}, named: "gone.txt" },
    { name: "was deleted", change: (scene: Scene) => scene.remove("a.txt"), named: "a.txt" },
    { name: "is excluded", change: (scene: Scene) => scene.write({ "log/c.log": "more" }), named: "log/c.log" },
    { name: "is in a folder that is excluded", change: (scene: Scene) => scene.write({ "log/d": "" }), named: "log/d" },
    { name: "has the rules", change: (scene: Scene) => scene.write({ ".miroirignore": "" }), named: ".miroirignore" },
    { name: "is a link", change: (scene: Scene) => symlinkSync("a.txt", join(scene.folder, "l")), named: "l" },
    { name: "is too deep", change: (scene: Scene) => scene.write({ "1/2/3/4/5/6/7/8": "" }), named: "1/2/3/4/5/6/7/8" },
    { name: "is a folder that is there", change() {}, named: "folder" },
    { name: "cannot be sent", change: (scene: Scene) => scene.write({ "a\nb": "" }), named: "a\nb" },
  ])("of what $name asks nothing", async ({ change, named }) => {
    const scene = await scenes.begin();
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      await pass();
      const heard = listenTo(scene);
      change(scene);
      mirror.foresee(named);
      await Bun.sleep(20);
      expect(heard()).toEqual([]);
    });
  });

  test("asks nothing before a first pass, and nothing of what waits after a failure", async () => {
    const scene = await scenes.begin({ faults: [{ command: "STOR", reply: 552, times: 100 }] });
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      mirror.foresee("a.txt");
      expect(await pass()).toMatchObject({ exit: 1 });
      const heard = listenTo(scene);
      mirror.foresee("a.txt");
      await Bun.sleep(20);
      expect(heard()).toEqual([]);
    });
  });

  test("of a new folder prepares for what comes into it", async () => {
    const scene = await scenes.begin();
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      await pass();
      const heard = listenTo(scene);
      scene.write({ "new/x": "x", "new/y": "y", "new/z": "z" });
      mirror.foresee("new");
      expect(await pass()).toMatchObject({ exit: 0 });
      expect(heard().slice(0, 3)).toEqual([...PREPARED, "MKD /www/new"]);
    });
    expect(Object.keys(scene.site())).toContain("new/z");
  });

  test("counts for the next pass only", async () => {
    const scene = await scenes.begin();
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      await pass();
      const heard = listenTo(scene);
      scene.write({ "a.txt": "another" });
      await foreseen(scene, () => mirror.foresee("a.txt"));
      scene.write({ "a.txt": "one" });
      expect(await pass()).toMatchObject({ exit: 0, movements: [] });
      expect(heard()).toEqual(PREPARED);
      scene.write({ "a.txt": "a third" });
      expect(await pass()).toMatchObject({ exit: 0, movements: ["upload a.txt"] });
      expect(heard()[0]).toBe("MLST /www");
    });
  });

  test.each([
    { name: "before", isBefore: true },
    { name: "after", isBefore: false },
  ])("a remote folder that vanished $name it ends the pass: exit 5, nothing made anew", async ({ isBefore }) => {
    const scene = await scenes.begin();
    scene.write(FILES);
    await scene.process(async (mirror, pass) => {
      await pass();
      scene.write({ "a.txt": "another", "new/x": "x" });
      const vanish = () => renameSync(scene.remote, `${scene.remote} elsewhere`);
      if (isBefore) vanish();
      await foreseen(scene, () => mirror.foresee("a.txt"));
      if (!isBefore) vanish();
      expect(await pass()).toMatchObject({ exit: 5, error: { reason: "missing" } });
    });
    expect(existsSync(scene.remote)).toBe(false);
  });
});
