import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Manifest, ManifestEntry } from "../../src/detect/manifest.ts";
import { createScope } from "../../src/detect/scope.ts";
import { createMemory } from "../../src/mirror/memory.ts";
import { createMirror } from "../../src/mirror/pass.ts";
import { afterWork, copyOf, detectable, moreWork, removeAt, shown, type Tree, treePair } from "../plan/tree-model.ts";
import { createFakeSite, Killed, type Step, type Verdict } from "./fake-site.ts";
import { createLocalFolder, type LocalFolder } from "./local-folder.ts";
import { createMemoryState, type MemoryState } from "./memory-state.ts";
import { createRecordingLog, partsFor } from "./mirror-parts.ts";

const runs = { numRuns: 200 };
let folder: LocalFolder;

beforeAll(() => {
  folder = createLocalFolder();
});

afterAll(() => folder.remove());

const sha1Of = (content: string) => createHash("sha1").update(content).digest("hex");

function manifestOf({ files, folders }: Tree): Manifest {
  const entries = [...files].map(([path, { content, mtimeMs }]): [string, ManifestEntry] => [
    path,
    { mtimeMs, sizeBytes: content.length, sha1: sha1Of(content) },
  ]);
  return { files: new Map(entries), folders: new Set(folders) };
}

/** Whatever moves may come to stand deeper than the default allows. */
const readScan = () => ({
  scope: createScope(Number.POSITIVE_INFINITY, () => false, new Set()),
  follow: false,
  nameForSite: (name: string) => name,
});

/** One process's one pass. */
async function pass(site: Tree, state: MemoryState, verdicts: Iterator<Verdict>, afterStep?: (step: Step) => void) {
  const judge = () => verdicts.next().value ?? "done";
  const fake = createFakeSite(site, judge, afterStep);
  const log = createRecordingLog();
  const mirror = createMirror(partsFor(folder.path, fake, log, { readScan }), createMemory(state));
  try {
    const { codes, error } = await mirror.pass();
    return { codes, error, steps: fake.steps, log };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { codes: ["killed"], error, steps: fake.steps, log };
  }
}

/** FOLDER with one file that stays: an emptied FOLDER is another story. */
const pairWithRest = treePair.map(({ before, after }) => ({ before: withRest(before), after: withRest(after) }));

function withRest(tree: Tree): Tree {
  const whole = copyOf(tree);
  removeAt(whole, "rest");
  whole.files.set("rest", { content: "rest", mtimeMs: 1_000_000 });
  return whole;
}

/** Every file that did not change is on the site throughout: a visitor never misses it. */
function neverLoses(site: Tree, before: Tree, after: Tree) {
  const same = [...before.files].filter(([path, { content }]) => after.files.get(path)?.content === content);
  return (step: Step) => {
    for (const [path, { content }] of same) {
      if (site.files.get(path)?.content !== content) throw new Error(`${step.op} "${step.path}" lost "${path}"`);
    }
  };
}

function expectTruthful(manifest: Manifest | undefined, site: Tree): void {
  const held = { files: new Map([...(manifest?.files ?? [])]), folders: manifest?.folders ?? new Set() };
  for (const [path, { sha1 }] of held.files) {
    const content = site.files.get(path)?.content;
    expect([path, content === undefined ? "nothing" : sha1Of(content)]).toEqual([path, sha1]);
  }
  for (const path of held.folders) expect([path, site.folders.has(path)]).toEqual([path, true]);
}

const treeOf = (files: Record<string, [content: string, mtimeMs: number]>): Tree => ({
  files: new Map(
    Object.entries({ ...files, rest: ["rest", 1_000_000] as const }).map(([path, [content, mtimeMs]]) => [
      path,
      { content, mtimeMs },
    ]),
  ),
  folders: new Set(),
});

/** An edit under the new name of a renamed file, with the size and time that the site still has. */
const editAfterRename = {
  before: treeOf({ a: ["", 1_000_000], b: ["y", 1_000_000] }),
  after: treeOf({ A: ["y", 2_000_000] }),
  verdicts: ["done", "done", "refused"] as Verdict[],
  edits: [{ kind: "write" as const, one: 0, other: 0, name: "a", content: "x", mtimeMs: 1_000_000 }],
};
/** Another content of the same size and time, under another spelling of the name. */
const otherSpelling = { before: treeOf({ A: ["zz", 2_000_000] }), after: treeOf({ a: ["ww", 2_000_000] }) };

const often = (verdict: Verdict, weight: number) => ({ weight, arbitrary: fc.constant(verdict) });
const refusals = fc.array(fc.oneof(often("done", 3), often("refused", 2), often("busy", 1)), { maxLength: 30 });
const losses = fc.array(fc.oneof(often("done", 6), often("refused", 1), often("lost", 1), often("unanswered", 1)), {
  maxLength: 30,
});
const killing = fc.tuple(fc.nat(12), fc.constantFrom<Verdict>("killed-before", "killed-after"));

describe("Mirror.pass() with steps that fail", () => {
  test("refused: loses nothing, records what is true, exits 0 only when all is there, and mends at the next run", async () => {
    await fc.assert(
      fc.asyncProperty(pairWithRest, refusals, moreWork, async ({ before, after }, verdicts, edits) => {
        const site = copyOf(before);
        const state = createMemoryState(manifestOf(before), { completedPassAt: "2026-11-22T07:20:01.123Z" });
        folder.become(after);
        const first = await pass(site, state, verdicts.values(), neverLoses(site, before, after));
        expectTruthful(state.stored(), site);
        if (first.codes.length === 0) expect(shown(site)).toEqual(shown(after));

        const later = withRest(detectable(after, detectable(before, afterWork(after, edits))));
        folder.become(later);
        const second = await pass(site, state, [].values());
        expect(shown(site)).toEqual(shown(later));
        expect(second.codes).toEqual([]);
        expect((await pass(site, state, [].values())).steps).toEqual([]);
      }),
      { ...runs, examples: [[editAfterRename, editAfterRename.verdicts, editAfterRename.edits]] },
    );
  });

  test("connections lost, answers lost: the next run makes the site the folder", async () => {
    await fc.assert(
      fc.asyncProperty(pairWithRest, losses, async ({ before, after }, verdicts) => {
        const site = copyOf(before);
        const state = createMemoryState(manifestOf(before), { completedPassAt: "2026-11-22T07:20:01.123Z" });
        folder.become(after);
        const first = await pass(site, state, verdicts.values(), neverLoses(site, before, after));
        if (first.codes.length === 0) expect(shown(site)).toEqual(shown(after));
        const second = await pass(site, state, [].values());
        expect(shown(site)).toEqual(shown(after));
        expect(second.codes).toEqual([]);
        expect((await pass(site, state, [].values())).steps).toEqual([]);
      }),
      { ...runs, examples: [[otherSpelling, ["unanswered", "done", "refused"]]] },
    );
  });

  test("killed at any step: the next run makes the site the folder, and sends nothing again that was recorded", async () => {
    await fc.assert(
      fc.asyncProperty(pairWithRest, killing, async ({ before, after }, [at, how]) => {
        const site = copyOf(before);
        const state = createMemoryState(manifestOf(before), { completedPassAt: "2026-11-22T07:20:01.123Z" });
        folder.become(after);
        const recorded = () =>
          new Set(state.records.flatMap((record) => (record.op === "put" && record.settles ? [record.path] : [])));
        const verdicts: Verdict[] = [...Array.from({ length: at }, (): Verdict => "done"), how];
        await pass(site, state, verdicts.values(), neverLoses(site, before, after));
        const done = recorded();
        const second = await pass(site, state, [].values());
        expect(second.steps.filter(({ op, path }) => op === "upload" && done.has(path))).toEqual([]);
        expect(shown(site)).toEqual(shown(after));
        expect(second.codes).toEqual([]);
        expect((await pass(site, state, [].values())).steps).toEqual([]);
      }),
      runs,
    );
  });
});
