import { describe, expect, test } from "bun:test";
import type { Action } from "../../src/plan/plan.ts";
import { treeOf } from "../detect/differences.ts";
import { shown } from "../plan/tree-model.ts";
import { contentOf, entry, mkdir, type Play, play, remove, rename, rmdir, upload } from "./play.ts";

describe("execute()", () => {
  test("carries the stages out in their order, and reports each step", async () => {
    const { outcomes, tree, error } = await play({
      site: { was: "x", "old/in": "y", gone: "z", "f/": "", swap: "s" },
      plan: {
        clear: [remove("swap")],
        structure: [mkdir("n"), mkdir("swap"), rename("old", "n/old", true)],
        renames: [rename("was", "n/is")],
        uploads: [upload("n/new")],
        touches: [{ op: "touch", path: "n/is", entry: { ...entry, mtimeMs: 5000 } }],
        deletes: [remove("gone"), rmdir("f")],
        notes: [{ op: "note", path: "n/is", entry }],
      },
    });
    expect(error).toBeUndefined();
    expect(outcomes).toEqual([
      "done delete swap",
      "done mkdir n",
      "done mkdir swap",
      "done rename n/old",
      "done rename n/is",
      "done upload n/new",
      "done touch n/is",
      "done delete gone",
      "done rmdir f",
      "done note n/is",
    ]);
    expect(shown(tree)).toEqual(shown(treeOf({ "n/is": "x@5000", "n/new": "x", "n/old/in": "y", "swap/": "" })));
  });

  test("an empty plan asks the site nothing", async () => {
    const { site, outcomes } = await play({ plan: {} });
    expect([site.steps, outcomes, site.opened]).toEqual([[], [], 0]);
  });

  test("a folder of others is left standing and told as kept", async () => {
    const { outcomes, tree } = await play({ site: { "f/foreign": "x" }, plan: { deletes: [rmdir("f")] } });
    expect(outcomes).toEqual(["kept rmdir f"]);
    expect(tree.files.has("f/foreign")).toBe(true);
  });

  test("a folder that is there already counts as made", async () => {
    const { outcomes } = await play({ site: { "f/": "" }, plan: { structure: [mkdir("f")] } });
    expect(outcomes).toEqual(["done mkdir f"]);
  });
});

describe("execute(): large and small files", () => {
  const MIB = 1024 * 1024;
  const sized = (path: string, sizeBytes: number) => ({ ...upload(path), entry: { ...entry, sizeBytes } }) as Action;

  test("one session begins with the largest, the others with the small ones by path; each is sent once", async () => {
    const begun: string[] = [];
    const { outcomes } = await play({
      plan: {
        uploads: [sized("a", 1), sized("b large", 2 * MIB), sized("c", 2), sized("d", 3), sized("e largest", 9 * MIB)],
      },
      options: {
        async open(path) {
          begun.push(path);
          return contentOf("x");
        },
      },
    });
    expect(begun.slice(0, 2)).toEqual(["e largest", "a"]);
    expect(begun.filter((path) => path.includes("large"))).toEqual(["e largest", "b large"]);
    expect(begun.filter((path) => !path.includes("large"))).toEqual(["a", "c", "d"]);
    expect(outcomes.toSorted()).toEqual(begun.map((path) => `done upload ${path}`).sort());
  });
});

describe("execute(): one bad entry", () => {
  test.each<{ name: string; want: string[]; retries?: string[] } & Play>([
    {
      name: "a refused upload does not stop the others, and is not tried again",
      plan: { uploads: [upload("a"), upload("b"), upload("c")] },
      verdicts: { b: ["refused"] },
      want: ["done upload a", "done upload c", "failed upload b (refused)"],
    },
    {
      name: "a refused delete does not stop the others",
      site: { a: "x", b: "x", c: "x" },
      plan: { deletes: [remove("a"), remove("b"), remove("c")] },
      verdicts: { b: ["refused"] },
      want: ["done delete a", "done delete c", "failed delete b (refused)"],
    },
    {
      name: "busy for a moment: tried again, then done",
      plan: { uploads: [upload("a")] },
      verdicts: { a: ["busy", "busy"] },
      want: ["done upload a"],
      retries: ["a refused 1", "a refused 2"],
    },
    {
      name: "busy for longer than the retries: failed",
      plan: { uploads: [upload("a"), upload("b")] },
      verdicts: { a: ["busy", "busy", "busy"] },
      want: ["done upload b", "failed upload a (refused)"],
      retries: ["a refused 1", "a refused 2"],
    },
    {
      name: "a busy operation is tried again, the done ones are not",
      site: { a: "x", b: "x" },
      plan: { deletes: [remove("a"), remove("b")] },
      verdicts: { a: ["busy"] },
      want: ["done delete a", "done delete b"],
      retries: ["a refused 1"],
    },
    {
      name: "an upload whose answer never came is tried again",
      plan: { uploads: [upload("a")] },
      verdicts: { a: ["unanswered"] },
      want: ["done upload a"],
      retries: ["a timeout 1"],
    },
    {
      name: "a rename whose answer never came is asked about, not failed",
      site: { a: "x" },
      plan: { renames: [rename("a", "b")] },
      verdicts: { b: ["unanswered"] },
      want: ["done rename b"],
      retries: ["b timeout 1"],
    },
    {
      name: "a delete whose answer never came finds nothing, and is done",
      site: { a: "x" },
      plan: { deletes: [remove("a")] },
      verdicts: { a: ["unanswered"] },
      want: ["done delete a"],
      retries: ["a timeout 1"],
    },
    {
      name: "a folder that cannot be made bars what belongs in it, and nothing else",
      plan: {
        structure: [mkdir("f"), mkdir("g")],
        uploads: [upload("f/a"), upload("f/h/b"), upload("g/c"), upload("fa")],
      },
      verdicts: { f: ["refused"] },
      want: [
        "done mkdir g",
        "done upload fa",
        "done upload g/c",
        "failed mkdir f (refused)",
        "failed upload f/a (blocked)",
        "failed upload f/h/b (blocked)",
      ],
    },
    {
      name: "a refused rename says so alone: what waits for it is planned anew",
      site: { "f/a": "x" },
      plan: {
        structure: [rename("f", "g", true)],
        uploads: [upload("g/new"), upload("other")],
        touches: [{ op: "touch", path: "g/a", entry }],
      },
      verdicts: { g: ["refused"] },
      want: ["done upload other", "failed rename g (refused)"],
    },
  ])("$name", async ({ want, retries = [], ...scene }) => {
    const played = await play(scene);
    expect(played.error).toBeUndefined();
    expect([played.outcomes.sort(), played.retries]).toEqual([want, retries]);
  });

  test("a local failure is an outcome, not a retry", async () => {
    const { outcomes, retries, site } = await play({
      plan: { uploads: [upload("a"), upload("b")] },
      options: {
        async open(path) {
          if (path === "a") throw new RangeError("gone");
          return contentOf("x");
        },
        localFailure: (error) =>
          error instanceof RangeError ? { reason: "vanished", detail: "it does not exist" } : undefined,
      },
    });
    expect(outcomes.sort()).toEqual(["done upload b", "failed upload a (vanished)"]);
    expect([retries, site.steps.map(({ path }) => path)]).toEqual([[], ["b"]]);
  });

  test("an error that nobody knows is thrown: it is a bug", async () => {
    const bug = new TypeError("undefined is not a function");
    const { error } = await play({
      plan: { uploads: [upload("a")] },
      options: {
        async open() {
          throw bug;
        },
      },
    });
    expect(error).toBe(bug);
  });
});
