import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Mirror } from "../../src/mirror/pass.ts";
import { edit, namesOf, standing } from "../detect/disk-edits.ts";
import { createRandom } from "../simulation/random.ts";
import { createScenes } from "./mirror-scene.ts";

const { begin, endAll } = createScenes();

afterEach(endAll);

describe("Mirror.pass() told where something changed", () => {
  test.each([
    1, 2, 3, 4,
  ])("leaves nothing for a look at all of FOLDER to do, after any edits (seed %d)", async (seed) => {
    const scene = await begin();
    const random = createRandom(seed);
    const outside = join(scene.folder, "..", "outside");
    mkdirSync(outside);
    const editSome = (count: number) => Array.from({ length: count }, () => edit(scene.folder, outside, random));
    await scene.process(
      async (mirror) => {
        editSome(40);
        await mirror.pass();
        for (let round = 1; round <= 60; round++) {
          const before = standing(scene.folder);
          const story = editSome(1 + random.below(5));
          const { codes } = await mirror.pass(namesOf(before, standing(scene.folder)));
          expect({ story, codes }).toEqual({ story, codes: [] });
          if (round % 4 > 0) continue;
          const { uploaded, deleted, renamed, created, removed, touched } = (await mirror.pass()).counts;
          const left = { uploaded, deleted, renamed, created, removed, touched };
          const none = { uploaded: 0, deleted: 0, renamed: 0, created: 0, removed: 0, touched: 0 };
          expect({ story, left }).toEqual({ story, left: none });
        }
      },
      { maxDelete: { kind: "none" }, isWatch: true },
    );
  });

  async function passes(mirror: Mirror, ...named: string[]) {
    const { counts, isLevel } = await mirror.pass(new Set(named));
    const { uploaded, renamed, deleted, failed } = counts;
    return { uploaded, renamed, deleted, failed, isLevel };
  }
  const NOTHING = { uploaded: 0, renamed: 0, deleted: 0, failed: 0, isLevel: true };

  test("looks nowhere else, and at all of it when it is told nothing", async () => {
    const scene = await begin();
    scene.write({ "f/a": "1", "g/b": "1" });
    await scene.process(async (mirror) => {
      await mirror.pass();
      scene.write({ "f/a": "changed", "g/b": "changed" });
      expect(await passes(mirror, "f/a")).toEqual({ ...NOTHING, uploaded: 1 });
      expect(await passes(mirror)).toEqual(NOTHING);
      expect((await mirror.pass()).counts.uploaded).toBe(1);
    });
  });

  test("a folder of 300 files that is renamed costs one command", async () => {
    const scene = await begin();
    const files = Array.from({ length: 300 }, (_, number) => [`old/${number % 10}/${number}`, `content ${number}`]);
    scene.write(Object.fromEntries(files));
    await scene.process(async (mirror) => {
      await mirror.pass();
      renameSync(join(scene.folder, "old"), join(scene.folder, "new"));
      const before = scene.server.commands.length;
      expect(await passes(mirror, "old", "new")).toEqual({ ...NOTHING, renamed: 1 });
      const commands = scene.server.commands.slice(before).map(({ text }) => text.split(" ")[0]);
      expect(commands.filter((name) => name === "RNFR" || name === "RNTO")).toEqual(["RNFR", "RNTO"]);
      expect(commands).not.toContain("STOR");
    });
  });

  test("what could not be mirrored is tried again though nothing is named", async () => {
    const scene = await begin();
    scene.write({ a: "1", b: "1" });
    let clockMs = 0;
    await scene.process(
      async (mirror) => {
        await mirror.pass();
        rmSync(join(scene.remote, "b"));
        mkdirSync(join(scene.remote, "b"));
        scene.write({ b: "12" });
        expect((await passes(mirror, "b")).isLevel).toBe(false);
        rmSync(join(scene.remote, "b"), { recursive: true });
        expect(await passes(mirror)).toEqual({ ...NOTHING, isLevel: false });
        clockMs += 60_000;
        expect(await passes(mirror)).toEqual({ ...NOTHING, uploaded: 1 });
        expect(scene.site()).toEqual({ a: "1", b: "12" });
      },
      { monotonicMs: () => clockMs },
    );
  });

  test("an emptied FOLDER and a mass deletion are judged by all that is known", async () => {
    const scene = await begin();
    const files = Array.from({ length: 30 }, (_, number) => `f/${number}`);
    scene.write(Object.fromEntries(files.map((path) => [path, path])));
    await scene.process(
      async (mirror) => {
        await mirror.pass();
        for (const path of files.slice(0, 20)) rmSync(join(scene.folder, path));
        const many = await mirror.pass(new Set(files.slice(0, 20)));
        expect([many.codes, many.counts.parked, Object.keys(scene.site()).length]).toEqual([[5], 20, 31]);
        rmSync(join(scene.folder, "f"), { recursive: true });
        const all = await mirror.pass(new Set(["f"]));
        expect([all.codes, all.counts.parked, Object.keys(scene.site()).length]).toEqual([[5], 31, 31]);
      },
      { maxDelete: { kind: "percent", percent: 50, floor: 10 } },
    );
  });
});
