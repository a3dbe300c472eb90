import { afterEach, describe, expect, test } from "bun:test";
import type { Site, UploadJob } from "../../src/remote/site.ts";
import { createScenes, type Ran, type Scene } from "./mirror-scene.ts";

const scenes = createScenes();
afterEach(scenes.endAll);

/** A watch's clock, that goes on by the interval before each pass, and by what is slept in one. */
function watchClock() {
  const clock = { ms: 0 };
  return {
    fields: {
      isWatch: true,
      monotonicMs: () => clock.ms,
      async sleep(ms: number) {
        clock.ms += ms;
      },
    },
    clock,
    async next(pass: () => Promise<Ran>): Promise<Ran> {
      clock.ms += 1000;
      return pass();
    },
  };
}

/** A site whose file at `path` is changed here each time that it has just been opened. */
function changing(site: Site, path: string, change: () => void): Site {
  const tampered = (job: UploadJob | undefined) => {
    if (job?.path !== path) return job;
    const open = job.open;
    job.open = async () => {
      const content = await open();
      change();
      return content;
    };
    return job;
  };
  const uploads: Site["uploads"] = (next, report) => site.uploads(() => tampered(next()), report);
  return new Proxy(site, { get: (of, name) => (name === "uploads" ? uploads : Reflect.get(of, name)) });
}

const countOf = ({ server }: Scene, verb: string) =>
  server.commands.filter(({ text }) => text.startsWith(`${verb} `)).length;

describe("a watch", () => {
  test("tries a file that changes all the time at a slowing rhythm, and sends the others at once", async () => {
    const scene = await scenes.begin();
    const { fields, clock, next } = watchClock();
    let version = 0;
    const change = () => scene.write({ "busy.log": "x".repeat(++version) });
    scene.write({ "busy.log": "", "page.txt": "" });
    const triedAtMs: number[] = [];
    await scene.process(
      async (_, pass) => {
        for (let second = 0; second < 200; second++) {
          scene.write({ "page.txt": "y".repeat(second + 1) });
          const before = version;
          const { movements } = await next(pass);
          expect(movements).toEqual(["upload page.txt"]);
          if (version > before) triedAtMs.push(clock.ms);
        }
      },
      fields,
      (site) => changing(site, "busy.log", change),
    );
    const gaps = triedAtMs.slice(1).map((ms, index) => (ms - (triedAtMs[index] ?? 0)) / 1000);
    // Doubled each time, and never before the next look.
    expect(gaps.length).toBeGreaterThan(4);
    expect(gaps.length).toBeLessThan(10);
    expect(gaps.toSorted((one, other) => one - other)).toEqual(gaps);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(60);
    expect(Object.keys(scene.site())).toEqual(["page.txt"]);
  }, 60_000);

  test.each([
    452, 552,
  ])("of a full server (%p) says so once, pauses the uploads, deletes on, and sends all when there is room", async (code) => {
    const scene = await scenes.begin({ quotaBytes: 3000 });
    const { fields, next } = watchClock();
    const fresh = Object.fromEntries([..."abcdefgh"].map((name) => [`new/${name}`, name.repeat(400)]));
    scene.write({ "old.bin": "o".repeat(2900), "gone.txt": "gone" });
    await scene.process(async (_, pass) => {
      expect(await next(pass)).toMatchObject({ exit: 0 });
      if (code === 452) scene.server.inject({ command: /^STOR .*new/, reply: "452 No space left", times: 1000 });
      scene.write(fresh);
      scene.remove("gone.txt");
      const full = await next(pass);
      expect(full).toMatchObject({ exit: 1, movements: ["delete gone.txt", "mkdir new/"] });
      const failures = full.lines.filter(({ event }) => event === "fail");
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatchObject({ reason: "full", code });
      expect(Object.keys(scene.site())).toEqual(["new/", "old.bin"]);

      const told = new Set(failures.map(({ path }) => path));
      let stored = countOf(scene, "STOR");
      const tries: number[] = [];
      for (let second = 0; second < 60; second++) {
        const { lines } = await next(pass);
        for (const { event, path } of lines) {
          if (event !== "fail") continue;
          expect(told.has(path)).toBe(false);
          told.add(path);
        }
        tries.push(countOf(scene, "STOR") - stored);
        stored = countOf(scene, "STOR");
        expect(Object.keys(scene.site())).toEqual(["new/", "old.bin"]);
      }
      const sum = (numbers: number[]) => numbers.reduce((one, other) => one + other, 0);
      expect(sum(tries.slice(-20))).toBeLessThan(sum(tries.slice(0, 20)));

      scene.server.clearFaults();
      scene.write({ "old.bin": "o" });
      for (let second = 0; second < 300 && Object.keys(scene.site()).length < 10; second++) await next(pass);
      expect(scene.site()).toEqual({ "new/": "", ...fresh, "old.bin": "o" });
    }, fields);
  }, 60_000);
});
