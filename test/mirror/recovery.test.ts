import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScenes } from "./mirror-scene.ts";

const { begin, endAll } = createScenes();

afterEach(endAll);

const numbered = (count: number, name = "f") =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, `content of ${name}${at}`]));

describe("Mirror.pass(): after a kill", () => {
  const intentOf = (temporary: string, aside?: string) => ({
    op: "intend" as const,
    intent: { id: "killed", path: "f/page", temporary, ...(aside !== undefined && { aside }) },
  });

  test("the temporary file of an open intent is swept, and nothing else that looks like one", async () => {
    const scene = await begin();
    scene.write({ "f/page": "old" });
    await scene.sync();
    scene.withState((state) => {
      state.load();
      state.append([intentOf("f/.miroir-left")]);
    });
    scene.writeRemote({ "f/.miroir-left": "half", "f/.miroir-others": "x", ".miroir-top": "x" });
    expect((await scene.sync()).exit).toBe(0);
    expect(scene.site()).toEqual({ ".miroir-top": "x", "f/": "", "f/.miroir-others": "x", "f/page": "old" });
    const asked = scene.server.commands.length;
    await scene.sync();
    expect(scene.server.commands.length).toBe(asked);
  });

  test("the old content that was set aside comes back where the new never arrived", async () => {
    const scene = await begin();
    scene.write({ "f/page": "old" });
    await scene.sync();
    scene.withState((state) => {
      state.load();
      state.append([intentOf("f/.miroir-new", "f/.miroir-old")]);
    });
    renameSync(join(scene.remote, "f/page"), join(scene.remote, "f/.miroir-old"));
    scene.writeRemote({ "f/.miroir-new": "half" });
    expect((await scene.sync()).exit).toBe(0);
    expect(scene.site()).toEqual({ "f/": "", "f/page": "old" });
  });

  test("an intent of the very first run is recovered before anything is adopted", async () => {
    const scene = await begin();
    scene.write({ "f/page": "new" });
    scene.withState((state) => {
      state.load();
      state.append([intentOf("f/.miroir-left")]);
    });
    scene.writeRemote({ "f/.miroir-left": "half" });
    const { exit } = await scene.sync();
    expect([exit, scene.site()]).toEqual([0, { "f/": "", "f/page": "new" }]);
  });

  test("a rename that was carried out and never recorded: the next run converges", async () => {
    const scene = await begin();
    scene.write({ "f/one": "1", "f/two": "22" });
    await scene.sync();
    renameSync(join(scene.folder, "f"), join(scene.folder, "g"));
    renameSync(join(scene.remote, "f"), join(scene.remote, "g"));
    const { exit } = await scene.sync();
    expect([exit, scene.site()]).toEqual([0, { "g/": "", "g/one": "1", "g/two": "22" }]);
    const asked = scene.server.commands.length;
    expect((await scene.sync()).exit).toBe(0);
    expect(scene.server.commands.length).toBe(asked);
  });
});

describe("Mirror.pass() again and again in one process", () => {
  test("a file that fails is tried at a slowing rhythm, told once, and is pending meanwhile", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    scene.server.inject({ command: "STOR", path: /^www\//, times: 3, reply: "553 no" });
    let nowMs = 0;
    await scene.process(
      async (_, pass) => {
        const first = await pass();
        expect([first.exit, first.lines.filter(({ event }) => event === "fail").length]).toEqual([1, 1]);
        const second = await pass();
        expect([second.counts.pending, second.didOrFailed, second.lines]).toEqual([1, false, []]);
        const tries = () => scene.server.commands.filter(({ text }) => text.startsWith("STOR ")).length;
        const triesBefore = tries();
        for (let tick = 0; tick < 20; tick++) {
          nowMs += 1000;
          await pass();
        }
        expect(tries() - triesBefore).toBeLessThan(6);
        expect(scene.site()).toEqual({ a: "a" });
      },
      { monotonicMs: () => nowMs, isWatch: true },
    );
  });

  test("a pass without changes says and asks nothing", async () => {
    const scene = await begin();
    scene.write(numbered(5));
    await scene.process(async (_, pass) => {
      await pass();
      const asked = scene.server.commands.length;
      for (let times = 0; times < 5; times++) expect((await pass()).lines).toEqual([]);
      expect(scene.server.commands.length).toBe(asked);
    });
  });

  test("verify repairs what was changed on the site behind its back", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "bb", "f/c": "ccc" });
    await scene.sync();
    rmSync(join(scene.remote, "a"));
    writeFileSync(join(scene.remote, "b"), "another size");
    rmSync(join(scene.remote, "f"), { recursive: true });
    expect((await scene.sync()).movements).toEqual([]);
    const { exit, movements } = await scene.sync({ verifyMs: 0 });
    expect([exit, movements]).toEqual([0, ["mkdir f/", "upload a", "upload b", "upload f/c"]]);
    expect(scene.site()).toEqual({ a: "a", b: "bb", "f/": "", "f/c": "ccc" });
  });

  test("verify repairs a file of the same size that bears another time, where times are kept", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "b", c: "c" });
    await scene.sync();
    scene.writeRemote({ b: "Z" }, 1_700_000_000);
    const { exit, movements, lines } = await scene.sync({ verifyMs: 0 });
    expect([exit, movements]).toEqual([0, ["upload b"]]);
    expect(lines).toContainEqual(expect.objectContaining({ event: "warn", path: "b", reason: "same-size" }));
    expect(scene.site()).toEqual({ a: "a", b: "b", c: "c" });
    expect((await scene.sync({ verifyMs: 0 })).movements).toEqual([]);
  });

  test("verify, spread over several passes, does not send again what was sent meanwhile", async () => {
    const scene = await begin();
    scene.write({ a: "a", "f/b": "b", "g/c": "c" });
    await scene.sync();
    scene.writeRemote({ a: "Z" }, 1_700_000_000);
    await Bun.sleep(2);
    // One folder in each pass.
    const spread = { isWatch: true, intervalMs: 0.001, verifyMs: 1 };
    const movements = await scene.process(async (_, pass) => {
      const looked = await pass();
      scene.write({ a: "new" });
      const sent = await pass();
      return [looked, sent, await pass()].map((each) => each.movements);
    }, spread);
    expect(movements).toEqual([[], ["upload a"], []]);
  });

  test("verify believes no times where most are not those that were set", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "b", c: "c" });
    await scene.sync();
    scene.writeRemote({ a: "a", b: "b" }, 1_700_000_000);
    const { exit, movements, lines } = await scene.sync({ verifyMs: 0 });
    expect([exit, movements]).toEqual([0, []]);
    expect(lines).toContainEqual(expect.objectContaining({ event: "warn", reason: "same-size", files: 2 }));
  });

  test("what stands in a remote folder that was missing for a while is looked at", async () => {
    const scene = await begin();
    scene.write({ a: "a", b: "b" });
    await scene.sync();
    rmSync(scene.remote, { recursive: true });
    scene.write({ c: "c" });
    expect((await scene.sync()).exit).toBe(5);
    mkdirSync(scene.remote);
    const { exit, movements } = await scene.sync();
    expect([exit, movements]).toEqual([0, ["upload a", "upload b", "upload c"]]);
    const asked = scene.server.commands.length;
    await scene.sync();
    expect(scene.server.commands.length).toBe(asked);
  });

  test("a site that cannot be reached: exit 3, and nothing is forgotten", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    await scene.sync();
    scene.write({ b: "b" });
    await scene.server.restart({ downMs: 0 });
    scene.server.inject({ command: "GREETING", reply: "421 closed", times: 100 });
    expect((await scene.sync({ retries: 1 })).exit).toBe(3);
    scene.server.clearFaults();
    expect((await scene.sync()).movements).toEqual(["upload b"]);
  });

  test.each<{ name: string; entries: Record<string, string>; instead: string[] }>([
    { name: "a file", entries: { a: "content" }, instead: ["delete a", "upload b"] },
    {
      name: "a folder",
      entries: { "a/x": "content of x", "a/y": "and of y" },
      instead: ["mkdir b/", "rename b/x", "rename b/y", "rmdir a/"],
    },
  ])("a rename of $name that costs the connection each time is done in another way", async ({ entries, instead }) => {
    const scene = await begin();
    scene.write(entries);
    await scene.sync();
    renameSync(join(scene.folder, "a"), join(scene.folder, "b"));
    scene.server.inject({ command: "RNFR", path: "www/a", drop: "control", when: "before", times: 1000 });
    const { exit, movements } = await scene.sync({ retries: 1 });
    expect([exit, movements]).toEqual([0, instead]);
    expect((await scene.sync()).movements).toEqual([]);
  });

  test("a rename that was carried out before it cost the connection each time is one, and what waited for it is done", async () => {
    const scene = await begin();
    scene.write({ a: "content" });
    await scene.sync();
    renameSync(join(scene.folder, "a"), join(scene.folder, "b"));
    scene.write({ b: "content" }, 1_700_000_000);
    scene.server.inject({ command: "RNTO", path: "www/b", drop: "control", when: "after" });
    scene.server.inject({
      command: "RNFR",
      path: "www/a",
      drop: "control",
      when: "before",
      occurrence: 2,
      times: 1000,
    });
    const { exit, movements } = await scene.sync({ retries: 1 });
    expect([exit, movements, scene.site()]).toEqual([0, ["rename b", "touch b"], { b: "content" }]);
  });

  test.each([
    { name: "lost before it is made", fault: { drop: "control", when: "before" } as const },
    { name: "lost when it is made", fault: { drop: "control", when: "after" } as const },
    { name: "told to wait", fault: { reply: 450 } },
  ])("the folder that names are tried out in, $name: made again, and nothing is left", async ({ fault }) => {
    const scene = await begin();
    scene.write({ "caf\u00e9: A": "content" });
    scene.server.inject({ command: "MKD", path: /^www\/\.miroir-/, ...fault });
    const { exit, movements } = await scene.sync();
    expect([exit, movements, scene.site()]).toEqual([0, ["upload caf\u00e9: A"], { "caf\u00e9: A": "content" }]);
  });

  test("the folder that names are tried out in, made when nobody looks any more: the next verify removes it", async () => {
    const scene = await begin();
    scene.write({ "caf\u00e9: A": "content" });
    scene.server.inject({ command: "MKD", path: /^www\/\.miroir-/, drop: "control", when: "before" });
    await scene.sync();
    const made = scene.server.commands.find(({ text }) => /^MKD .*\.miroir-/.test(text))?.text ?? "";
    const name = made.slice(made.indexOf(".miroir-"));
    scene.write({ more: "more" });
    await scene.sync();
    scene.writeRemote({ [`${name}/`]: "", [`${name}/case/`]: "", ".miroir-others/": "" });
    await scene.sync();
    expect(Object.keys(scene.site())).toContain(`${name}/`);
    const { exit, movements } = await scene.sync({ verifyMs: 0 });
    expect([exit, movements]).toEqual([0, []]);
    expect(Object.keys(scene.site()).sort()).toEqual([".miroir-others/", "caf\u00e9: A", "more"]);
    scene.server.commands.splice(0);
    await scene.sync({ verifyMs: 0 });
    expect(scene.server.commands.filter(({ text }) => text.includes(name))).toEqual([]);
  });

  test.each([
    "MLSD",
    "RMD",
  ])("a folder that names were tried out in is removed though a %s was refused", async (command) => {
    const scene = await begin();
    scene.write({ "caf\u00e9: A": "content" });
    scene.server.inject({ command, path: /^www\/\.miroir-/, reply: 550 });
    const { exit, movements } = await scene.sync();
    expect([exit, movements, scene.site()]).toEqual([0, ["upload caf\u00e9: A"], { "caf\u00e9: A": "content" }]);
  });

  test("a refused login: exit 4, asked once", async () => {
    const scene = await begin();
    scene.write({ a: "a" });
    scene.server.inject({ command: "PASS", reply: "530 no", times: 100 });
    const { exit, error } = await scene.sync();
    expect([exit, error?.name]).toEqual([4, "SiteError"]);
    expect(scene.server.commands.filter(({ text }) => text.startsWith("PASS ")).length).toBe(1);
  });

  test.each([
    { name: "cut short", options: { listingLimit: 3 } },
    { name: "without dot files", options: { hideDotFiles: true } },
    { name: "by LIST alone", options: { features: { mlsd: false, mlst: false } } },
  ])("verify by listings $name finds nothing to repair where nothing is wrong", async ({ options }) => {
    const scene = await begin(options);
    scene.write({ ...numbered(10), ".htaccess": "deny", "f/.hidden": "h", "f/shown": "s" });
    await scene.sync();
    const { exit, movements } = await scene.sync({ verifyMs: 0 });
    expect([exit, movements]).toEqual([0, []]);
  });
});
