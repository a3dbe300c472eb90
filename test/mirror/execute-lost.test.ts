import { describe, expect, test } from "bun:test";
import type { Plan } from "../../src/plan/plan.ts";
import { SiteError } from "../../src/remote/site.ts";
import type { Verdict } from "./fake-site.ts";
import { contentOf, play, remove, upload } from "./play.ts";

describe("execute(): the site is lost", () => {
  const lost = (times: number) => Array.from({ length: times }, (): Verdict => "lost");

  test("a connection lost once: everything is done on the next one", async () => {
    const { outcomes, error } = await play({
      site: { a: "x", b: "x", c: "x" },
      plan: { deletes: [remove("a"), remove("b"), remove("c")], uploads: [upload("d")] },
      verdicts: { b: ["lost"], d: ["lost"] },
    });
    expect([outcomes.sort(), error]).toEqual([
      ["done delete a", "done delete b", "done delete c", "done upload d"],
      undefined,
    ]);
  });

  test("as long as something gets through, retries are not used up", async () => {
    const paths = Array.from({ length: 12 }, (_, number) => `f${number}`);
    const { outcomes, error } = await play({
      site: Object.fromEntries(paths.map((path) => [path, "x"])),
      plan: { deletes: paths.map(remove) },
      verdicts: Object.fromEntries(paths.map((path) => [path, ["lost"]])),
    });
    expect([outcomes.length, error]).toEqual([12, undefined]);
  });

  test("one step that costs its connection each time is that step's failure, the others are done", async () => {
    const { outcomes, error } = await play({
      site: { a: "x", b: "x", c: "x" },
      plan: { deletes: [remove("a"), remove("b"), remove("c")] },
      verdicts: { b: lost(10) },
    });
    expect(outcomes).toEqual(["done delete a", "failed delete b (connection)", "done delete c"]);
    expect(error).toBeUndefined();
  });

  test("several steps in a row lost with every retry: thrown, and what was done is reported", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const { outcomes, error } = await play({
      site: Object.fromEntries(names.map((name) => [name, "x"])),
      plan: { deletes: names.map(remove) },
      verdicts: { b: lost(10), c: lost(10), d: lost(10), e: lost(10) },
    });
    expect(outcomes[0]).toBe("done delete a");
    expect(outcomes.length).toBeLessThan(5);
    expect(error).toMatchObject({ name: "SiteError", reason: "connection" });
  });

  test("a step that is lost right behind one that was given up is not waited for as long", async () => {
    const { outcomes, site } = await play({
      site: { a: "x", b: "x", c: "x", d: "x" },
      plan: { deletes: [remove("a"), remove("b"), remove("c"), remove("d")] },
      verdicts: { b: lost(10), c: lost(10) },
    });
    expect(outcomes).toEqual([
      "done delete a",
      "failed delete b (connection)",
      "failed delete c (connection)",
      "done delete d",
    ]);
    const tries = (path: string) => site.steps.filter((step) => step.path === path).length;
    expect(tries("c")).toBeLessThan(tries("b"));
  });

  test("a silent site is given up after its time-outs: no pause is added to them", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const silent = Array.from({ length: 10 }, (): Verdict => "silent");
    const { delaysMs, site, error } = await play({
      site: Object.fromEntries(names.map((name) => [name, "x"])),
      plan: { deletes: names.map(remove) },
      verdicts: Object.fromEntries(names.map((name) => [name, silent])),
    });
    expect(error).toMatchObject({ reason: "timeout" });
    expect(delaysMs).toEqual([]);
    // The first with every retry, two more to be sure that it is not its fault.
    expect(site.steps.map(({ path }) => path)).toEqual(["a", "a", "a", "b", "c"]);
  });

  test("steps in a row are counted through the stages", async () => {
    const names = ["a", "b", "c"];
    const { error } = await play({
      site: Object.fromEntries(names.map((name) => [name, "x"])),
      plan: { clear: [remove("a")], touches: [], deletes: [remove("b"), remove("c")] },
      verdicts: { a: lost(10), b: lost(10), c: lost(10) },
    });
    expect(error).toMatchObject({ name: "SiteError", reason: "connection" });
  });

  test("uploads: several in a row lost with every retry are thrown, not each told as a failure", async () => {
    const paths = Array.from({ length: 20 }, (_, number) => `f${number}`);
    const { outcomes, error } = await play({
      plan: { uploads: paths.map(upload) },
      verdicts: Object.fromEntries(paths.map((path) => [path, lost(10)])),
    });
    expect(error).toMatchObject({ name: "SiteError", reason: "connection" });
    expect(outcomes.length).toBeLessThan(5);
  });

  test("one upload that kills its connection each time is that file's failure", async () => {
    const { outcomes, error } = await play({
      plan: { uploads: [upload("bad"), upload("a"), upload("b"), upload("c"), upload("d")] },
      verdicts: { bad: lost(10) },
    });
    expect(error).toBeUndefined();
    expect(outcomes.sort()).toEqual([
      "done upload a",
      "done upload b",
      "done upload c",
      "done upload d",
      "failed upload bad (connection)",
    ]);
  });

  test.each<{ name: string; plan: Partial<Plan> }>([
    { name: "in an upload", plan: { uploads: [upload("a"), upload("b"), upload("c"), upload("d")] } },
    { name: "in an operation", plan: { deletes: [remove("a"), remove("b")] } },
  ])("a refused login $name is thrown at once: servers lock accounts", async ({ plan }) => {
    const { error, retries, site } = await play({
      site: { a: "x", b: "x" },
      plan,
      verdicts: { a: ["login", "login", "login"] },
    });
    expect(error).toMatchObject({ kind: "fatal", reason: "login" });
    expect(retries).toEqual([]);
    expect(site.steps.filter(({ path }) => path === "a").length).toBe(1);
  });

  test("nothing more is begun after a stop", async () => {
    let uploads = 0;
    const { site, error } = await play({
      site: { gone: "x" },
      plan: { uploads: [upload("a"), upload("b"), upload("c"), upload("d")], deletes: [remove("gone")] },
      options: {
        isStopped: () => uploads > 0,
        async open() {
          uploads++;
          return contentOf("x");
        },
      },
    });
    expect(error).toBeUndefined();
    expect(site.steps.length).toBeLessThanOrEqual(site.parallel);
    expect(site.steps.map(({ op }) => op)).not.toContain("delete");
  });

  test("a full server is not asked for every file", async () => {
    const paths = Array.from({ length: 20 }, (_, number) => `f${number}`);
    const full = new SiteError("552 quota exceeded", { kind: "permanent", reason: "full", code: 552 });
    let asked = 0;
    const { outcomes } = await play({
      plan: { uploads: paths.map(upload) },
      options: {
        async open() {
          asked++;
          throw full;
        },
      },
    });
    expect(outcomes[0]).toBe("failed upload f0 (full)");
    expect(asked).toBeLessThan(6);
  });
});
