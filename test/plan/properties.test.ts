import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Change, diff, findSuspects, findUnhashed, findVanished } from "../../src/detect/diff.ts";
import { applyRecord, type Manifest } from "../../src/detect/manifest.ts";
import { createScope } from "../../src/detect/scope.ts";
import { isAtOrBelow, parentOf, type RelPath, type Snapshot } from "../../src/detect/tree.ts";
import { type Outcome, recordsOf } from "../../src/mirror/outcome.ts";
import { type Action, actionsOf, isEmpty, type Policy, plan } from "../../src/plan/plan.ts";
import { apply, ModelRefusal } from "./model-site.ts";
import {
  anyTree,
  copyOf,
  detectable,
  emptyTree,
  entryOf,
  isWhole,
  type ModelFile,
  manifestOf,
  pathsOf,
  removeAt,
  sha1Of,
  shown,
  snapshotOf,
  type Tree,
  treePair,
} from "./tree-model.ts";

const everything = createScope(Number.POSITIVE_INFINITY, () => false, new Set());
const anything: Policy = {
  delete: "tracked",
  maxDelete: { kind: "none" },
  knownEntries: 0,
  approved: new Set(),
};
const runs = { numRuns: 3000 };

/** As a pass does it: what has to be hashed is hashed, and nothing else is known. */
function changesBetween(
  manifest: Manifest,
  snapshot: Snapshot,
  local: Tree,
  unrenamable?: ReadonlySet<RelPath>,
): Change[] {
  const among = findSuspects(manifest, snapshot, { checksum: false });
  const vanished = findVanished(manifest, snapshot, everything, among);
  const hashes = new Map<RelPath, string>();
  for (const path of findUnhashed(manifest, snapshot, vanished, { checksum: false, among })) {
    const file = local.files.get(path);
    if (file) hashes.set(path, sha1Of(file.content));
  }
  return diff(manifest, snapshot, vanished, hashes, {
    isRacy: () => false,
    among,
    ...(unrenamable && { unrenamable }),
  });
}

function outcomeOf(action: Action, local: ReadonlyMap<RelPath, ModelFile>): Outcome {
  const file = local.get(action.path);
  if (action.op !== "upload" || !file) return { status: "done", action, ms: 0 };
  return { status: "done", action, ms: 0, uploaded: { id: "1", ...entryOf(file), dated: true, readAtMs: 9_000_000 } };
}

function settled({ files, folders }: Manifest): unknown {
  const plain = [...files].map(([path, { racy: _, ...entry }]): [string, unknown] => [path, entry]);
  return { files: Object.fromEntries(plain.sort()), folders: [...folders].sort() };
}

const racyPair = fc.tuple(treePair, fc.array(fc.nat(30), { maxLength: 3 })).map(([{ before, after: now }, picks]) => {
  const after = copyOf(now);
  const both = [...before.files.keys()].filter((path) => after.files.has(path));
  const racy = new Set<RelPath>();
  for (const pick of picks) {
    const path = both[pick % Math.max(1, both.length)];
    const [was, is] = [before.files.get(path ?? ""), after.files.get(path ?? "")];
    if (path === undefined || !was || !is) continue;
    racy.add(path);
    // The edit that only a hash can tell.
    if (was.content.length === is.content.length) after.files.set(path, { ...is, mtimeMs: was.mtimeMs });
  }
  return { before, after, racy };
});

describe("plan(diff()) on a model site", () => {
  test("the trees that are tried are whole, and hold what is hard", () => {
    const seen = { renames: 0, folderRenames: 0, clears: 0, touches: 0, notes: 0 };
    fc.assert(
      fc.property(racyPair, ({ before, after, racy }) => {
        expect(isWhole(before) && isWhole(after)).toBe(true);
        const planned = plan(changesBetween(manifestOf(before, racy), snapshotOf(after), after), anything);
        if (planned.renames.length > 0) seen.renames++;
        if (planned.structure.some((action) => action.op === "rename")) seen.folderRenames++;
        if (planned.clear.length > 0) seen.clears++;
        if (planned.touches.length > 0) seen.touches++;
        if (planned.notes.length > 0) seen.notes++;
      }),
      runs,
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30);
  });

  test("makes it exactly the folder; the journal then says the same; planning again gives nothing", () => {
    fc.assert(
      fc.property(racyPair, ({ before, after, racy }) => {
        const site = copyOf(before);
        const manifest = manifestOf(before, racy);
        const planned = plan(changesBetween(manifest, snapshotOf(after), after), anything);
        for (const action of actionsOf(planned)) {
          apply(site, action, after.files);
          for (const record of recordsOf(outcomeOf(action, after.files))) applyRecord(manifest, record);
        }
        expect(shown(site)).toEqual(shown(after));
        expect(settled(manifest)).toEqual(settled(manifestOf(after)));
        const again = plan(changesBetween(manifest, snapshotOf(after), after), anything);
        expect(isEmpty({ ...again, notes: [] })).toBe(true);
      }),
      runs,
    );
  });

  test("comes to the same when the server renames nothing", () => {
    fc.assert(
      fc.property(treePair, ({ before, after }) => {
        const site = copyOf(before);
        const unrenamable = new Set(pathsOf(before));
        const manifest = manifestOf(before);
        const planned = plan(changesBetween(manifest, snapshotOf(after), after, unrenamable), anything);
        for (const action of actionsOf(planned)) {
          expect(action.op).not.toBe("rename");
          apply(site, action, after.files);
        }
        expect(shown(site)).toEqual(shown(after));
      }),
      runs,
    );
  });

  test("loses no entry of others: it stays, or travels along with its renamed folder", () => {
    fc.assert(
      fc.property(treePair, fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }), ({ before, after }, picks) => {
        const site = copyOf(before);
        const folders = ["", ...before.folders];
        for (const pick of picks) {
          const folder = folders[pick % folders.length];
          site.files.set(folder ? `${folder}/foreign${pick}` : `foreign${pick}`, { content: "foreign", mtimeMs: 1 });
        }
        const count = () => [...site.files].filter(([, file]) => file.content === "foreign").length;
        const foreign = count();
        const planned = plan(changesBetween(manifestOf(before), snapshotOf(after), after), anything);
        const kept = new Set<RelPath>();
        for (const action of actionsOf(planned)) {
          try {
            apply(site, action, after.files);
          } catch (error) {
            if (!(error instanceof ModelRefusal)) throw error;
            if (error.because === "not-empty") kept.add(action.path);
            else expect([...kept].some((folder) => isAtOrBelow(action.path, folder))).toBe(true);
          }
        }
        expect(count()).toBe(foreign);
        for (const [path, { content }] of after.files) {
          if ([...kept].some((folder) => isAtOrBelow(path, folder))) continue;
          expect([path, site.files.get(path)?.content]).toEqual([path, content]);
        }
      }),
      runs,
    );
  });
});

/** What a scan saw of a folder of which some entries could not be read, or are not mirrored. */
interface Blind {
  path: RelPath;
  how: "unreadable" | "vanished" | "skipped";
}

function blindfold(after: Tree, before: Tree, picks: readonly { at: number; how: Blind["how"] }[]) {
  const seen = copyOf(after);
  const snapshotExtras: Blind[] = [];
  const candidates = [...new Set([...pathsOf(before), ...pathsOf(after)])].sort();
  for (const { at, how } of picks) {
    const path = candidates[at % Math.max(1, candidates.length)];
    // A walk comes to a path only through folders that it could read.
    if (path === undefined || (parentOf(path) !== "" && !seen.folders.has(parentOf(path)))) continue;
    if (snapshotExtras.some((extra) => isAtOrBelow(path, extra.path) || isAtOrBelow(extra.path, path))) continue;
    const isFolder = seen.folders.has(path);
    removeAt(seen, path);
    if (isFolder && how === "unreadable") seen.folders.add(path);
    snapshotExtras.push({ path, how });
  }
  const snapshot = snapshotOf(seen);
  for (const { path, how } of snapshotExtras) {
    if (how === "skipped") snapshot.skipped.set(path, { path, isFolder: false, reason: "link", told: true });
    else snapshot.problems.push({ path, reason: how, detail: `Cannot read "${path}"` });
  }
  return { snapshot, seen, blind: snapshotExtras.map((extra) => extra.path) };
}

const blindness = fc.array(
  fc.record({ at: fc.nat(40), how: fc.constantFrom<Blind["how"]>("unreadable", "vanished", "skipped") }),
  { minLength: 1, maxLength: 3 },
);

describe("plan(diff()) with Problems and skips", () => {
  test("takes nothing away at or below them, and mirrors the rest all the same", () => {
    fc.assert(
      fc.property(treePair, blindness, ({ before, after }, picks) => {
        const { snapshot, seen, blind } = blindfold(after, before, picks);
        const isBlind = (path: RelPath) => blind.some((at) => isAtOrBelow(path, at));
        const site = copyOf(before);
        const planned = plan(changesBetween(manifestOf(before), snapshot, after), anything);
        for (const action of actionsOf(planned)) {
          if (action.op === "delete" || action.op === "rmdir") expect(isBlind(action.path)).toBe(false);
          if (action.op === "rename") {
            expect(isBlind(action.from) || blind.some((at) => isAtOrBelow(at, action.from))).toBe(false);
          }
          if (action.op !== "mkdir") expect(isBlind(action.path)).toBe(false);
          try {
            apply(site, action, after.files);
          } catch (error) {
            // A folder that cannot be read, where the site has a file: what it was stays until it can.
            if (!(error instanceof ModelRefusal) || action.op !== "mkdir" || !blind.includes(action.path)) throw error;
          }
        }
        for (const [path, file] of before.files) if (isBlind(path)) expect(site.files.get(path)).toEqual(file);
        const rest = copyOf(site);
        const wanted = copyOf(seen);
        for (const at of blind) {
          removeAt(rest, at);
          removeAt(wanted, at);
        }
        expect(shown(rest)).toEqual(shown(wanted));
      }),
      runs,
    );
  });

  test("a folder that cannot be read at any place deletes nothing there, whatever else is gone", () => {
    fc.assert(
      fc.property(anyTree, (before) => {
        const seen = emptyTree();
        for (const folder of before.folders) if (parentOf(folder) === "") seen.folders.add(folder);
        const snapshot = snapshotOf(detectable(before, seen));
        for (const path of seen.folders) snapshot.problems.push({ path, reason: "unreadable", detail: "" });
        const planned = plan(changesBetween(manifestOf(before), snapshot, seen), anything);
        for (const action of actionsOf(planned)) expect(parentOf(action.path)).toBe("");
      }),
      runs,
    );
  });
});
