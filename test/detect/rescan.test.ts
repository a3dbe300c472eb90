import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entriesNotShared, recordedTable } from "../../src/detect/file-table.ts";
import { applyRecord, emptyManifest, type Manifest } from "../../src/detect/manifest.ts";
import { rescan, shareFiles } from "../../src/detect/rescan.ts";
import { type Scanned, type ScanOptions, scan } from "../../src/detect/scan.ts";
import { type Watcher, watchFolder } from "../../src/detect/watch.ts";
import { createRandom } from "../simulation/random.ts";
import { EXCLUDED, edit, namesOf, standing } from "./disk-edits.ts";
import { createWalk, scanOptions, type Walk } from "./walk.ts";

let walk: Walk;
let watcher: Watcher | undefined;

beforeEach(() => {
  walk = createWalk();
});

afterEach(() => {
  watcher?.close();
  watcher = undefined;
  walk.remove();
});

/** Everything of a snapshot by which two can differ, in no order. */
function facts({ files, folders, problems, skipped, mounts, listings }: Scanned): Record<string, unknown> {
  const sorted = (paths: Iterable<string>) => [...paths].sort();
  return {
    files: [...files].map(([path, { mtimeMs, sizeBytes }]) => `${path} ${sizeBytes} ${mtimeMs}`).sort(),
    folders: sorted(folders),
    problems: problems.map(({ path, reason }) => `${path} ${reason}`).sort(),
    skipped: [...skipped.values()].map((skip) => JSON.stringify(skip)).sort(),
    mounts: sorted(mounts ?? []),
    listings: [...listings]
      .map(([path, { place, folders, skipped }]) => [path, place, folders, skipped].map(String))
      .map((listing) => listing.map((part) => part.split(",").sort()).join(" | "))
      .sort(),
  };
}

/** What stands at each path. */
function shown({ files, folders, skipped }: Scanned): Map<string, string> {
  return new Map([
    ...[...files].map(([path, { mtimeMs, sizeBytes }]): [string, string] => [path, `${sizeBytes} ${mtimeMs}`]),
    ...[...folders].map((path): [string, string] => [path, "folder"]),
    ...[...skipped].map(([path, skip]): [string, string] => [path, JSON.stringify(skip)]),
  ]);
}

/** Paths at which not the same stands. */
function differences(a: Map<string, string>, b: Map<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
}

/** The site holds all that was seen. */
function recordedOf({ files, folders }: Scanned): Manifest {
  const manifest = emptyManifest();
  for (const [path, entry] of files) manifest.files.set(path, { ...entry, sha1: "5".repeat(40) });
  for (const path of folders) manifest.folders.add(path);
  return manifest;
}

const OPTIONS: ScanOptions = scanOptions({ depth: 3, rules: EXCLUDED });

/** An edited FOLDER, and a place beside it to move things to. */
function begin(seed: number) {
  const random = createRandom(seed);
  const outside = join(walk.path, "..", "outside");
  mkdirSync(outside, { recursive: true });
  const editAll = (count: number) => Array.from({ length: count }, () => edit(walk.path, outside, random));
  editAll(60);
  return { editSome: () => editAll(1 + random.below(6)) };
}

describe("rescan()", () => {
  test.each([1, 2, 3, 4, 5])("comes to the same as a whole scan after any edits (seed %d)", async (seed) => {
    const { editSome } = begin(seed);
    let scanned = await scan(walk.path, OPTIONS);
    // What was there at the beginning: the same as what is there now in ever fewer folders.
    const recorded = recordedTable(recordedOf(scanned).files);
    recorded?.pack();
    let parts = 0;
    for (let round = 0; round < 150; round++) {
      const before = { seen: shown(scanned), standing: standing(walk.path) };
      const story = editSome();
      const named = namesOf(before.standing, standing(walk.path));
      const touched = await rescan(walk.path, OPTIONS, scanned, named, recorded);
      const whole = await scan(walk.path, OPTIONS);
      if (touched) {
        parts++;
        expect({ story, facts: facts(scanned) }).toEqual({ story, facts: facts(whole) });
        const missing = differences(before.seen, shown(whole)).filter((path) => !touched.has(path));
        expect({ story, missing }).toEqual({ story, missing: [] });
      }
      scanned = await scan(walk.path, OPTIONS, recorded);
      expect(facts(scanned)).toEqual(facts(whole));
    }
    // Few edits need a whole scan.
    expect(parts).toBeGreaterThan(100);
  });

  test("reads nothing but what was named", async () => {
    walk.fill(["f/g/a", "f/h/b", "c"]);
    const scanned = await scan(walk.path, OPTIONS);
    writeFileSync(walk.at("f/g/a"), "changed");
    writeFileSync(walk.at("f/h/b"), "changed");
    expect([...((await rescan(walk.path, OPTIONS, scanned, new Set(["f/g/a"]))) ?? [])]).toEqual(["f/g/a"]);
    expect([scanned.files.get("f/g/a")?.sizeBytes, scanned.files.get("f/h/b")?.sizeBytes]).toEqual([7, 5]);
  });

  test.each<{ name: string; edit: () => void; named: string[]; options?: ScanOptions }>([
    { name: "FOLDER itself", edit() {}, named: [""] },
    {
      name: "a folder that goes by another spelling",
      edit: () => walk.fill(["Other/a"]),
      named: ["Other/a"],
    },
    {
      name: "a link that became a folder of the same name",
      edit() {
        rmSync(walk.at("link"));
        mkdirSync(walk.at("link"));
      },
      named: ["link"],
    },
  ])("leaves it to a whole scan: $name", async ({ edit: change, named }) => {
    walk.fill(["f/a"]);
    symlinkSync("f", walk.at("link"));
    const scanned = await scan(walk.path, OPTIONS);
    change();
    expect(await rescan(walk.path, OPTIONS, scanned, new Set(named))).toBeUndefined();
  });

  test("ignores what is told of a folder that moved away", async () => {
    walk.fill(["f/a", "g/b"]);
    const scanned = await scan(walk.path, OPTIONS);
    renameSync(walk.at("f"), join(walk.path, "..", "f"));
    await rescan(walk.path, OPTIONS, scanned, new Set(["f"]));
    expect(await rescan(walk.path, OPTIONS, scanned, new Set(["f/a", "f/new"]))).toEqual(new Set());
    expect([...scanned.files.keys()]).toEqual(["g/b"]);
  });

  test("finds out that a folder was replaced though only an entry of it was named", async () => {
    walk.fill(["f/g/a", "f/g/h/b"]);
    const scanned = await scan(walk.path, OPTIONS);
    renameSync(walk.at("f"), join(walk.path, "..", "f"));
    walk.fill(["f/g/c"]);
    await rescan(walk.path, OPTIONS, scanned, new Set(["f/g/c"]));
    expect(facts(scanned)).toEqual(facts(await scan(walk.path, OPTIONS)));
  });
});

describe.skipIf(process.platform === "win32")("rescan() of what the system's events name", () => {
  test("comes to the same as a whole scan, as soon as they have come", async () => {
    const { editSome } = begin(6);
    watcher = watchFolder(walk.path, { platform: process.platform, follow: false }, () => {});
    watcher.take();
    let scanned = await scan(walk.path, OPTIONS);
    for (let round = 0; round < 60; round++) {
      const story = editSome();
      const whole = await scan(walk.path, OPTIONS);
      const isSame = () => JSON.stringify(facts(scanned)) === JSON.stringify(facts(whole));
      for (const deadline = Date.now() + 10_000; !isSame() && Date.now() < deadline; await Bun.sleep(2)) {
        const named = watcher.take();
        const touched = named && (await rescan(walk.path, OPTIONS, scanned, named));
        if (!touched) scanned = await scan(walk.path, OPTIONS);
      }
      expect({ story, facts: facts(scanned) }).toEqual({ story, facts: facts(whole) });
    }
  });
});

describe("shareFiles()", () => {
  test("changes nothing of what a snapshot tells, and a later rescan goes on from it", async () => {
    walk.fill(["a", "f/b", "f/g/c", "h/d"]);
    const scanned = await scan(walk.path, OPTIONS);
    const manifest = recordedOf(scanned);
    shareFiles(scanned, manifest);
    expect([...entriesNotShared(scanned.files, manifest.files)]).toEqual([]);
    expect(facts(scanned)).toEqual(facts(await scan(walk.path, OPTIONS)));
    rmSync(walk.at("f"), { recursive: true });
    walk.fill(["h/e"]);
    await rescan(walk.path, OPTIONS, scanned, new Set(["f", "h/e"]));
    expect(facts(scanned)).toEqual(facts(await scan(walk.path, OPTIONS)));
    expect([...manifest.files.keys()].sort()).toEqual(["a", "f/b", "f/g/c", "h/d"]);
  });

  test("what the manifest learns afterwards is nothing that the snapshot tells", async () => {
    walk.fill(["a", "f/b"]);
    const scanned = await scan(walk.path, OPTIONS);
    const before = facts(scanned);
    const manifest = recordedOf(scanned);
    shareFiles(scanned, manifest);
    applyRecord(manifest, { op: "drop", path: "a" });
    applyRecord(manifest, { op: "put", path: "f/b", entry: { mtimeMs: 1, sizeBytes: 1, sha1: "1".repeat(40) } });
    expect(facts(scanned)).toEqual(before);
    shareFiles(scanned, manifest);
    expect(facts(scanned)).toEqual(before);
    expect([...entriesNotShared(scanned.files, manifest.files)].map(([path]) => path)).toEqual(["a", "f/b"]);
  });

  test("a folder with a racy file is not shared: that file has to be read again", async () => {
    walk.fill(["f/a", "f/b", "g/c"]);
    const manifest = recordedOf(await scan(walk.path, OPTIONS));
    const was = manifest.files.get("f/b");
    if (was) manifest.files.set("f/b", { ...was, racy: true });
    recordedTable(manifest.files)?.pack();
    const scanned = await scan(walk.path, OPTIONS, recordedTable(manifest.files));
    shareFiles(scanned, manifest);
    expect([...entriesNotShared(scanned.files, manifest.files)].map(([path]) => path)).toEqual(["f/a", "f/b"]);
  });
});
