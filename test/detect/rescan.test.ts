import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, ManifestEntry } from "../../src/detect/manifest.ts";
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
      .map(([path, { place, files, folders, skipped }]) => [path, place, files, folders, skipped].map(String))
      .map((listing) => listing.map((part) => part.split(",").sort()).join(" | "))
      .sort(),
  };
}

/** Paths that are not the same in two snapshots. */
function differences(one: Scanned, other: Scanned): string[] {
  const shown = ({ files, folders, skipped }: Scanned) =>
    new Map<string, string>([
      ...[...files].map(([path, entry]): [string, string] => [path, JSON.stringify(entry)]),
      ...[...folders].map((path): [string, string] => [path, "folder"]),
      ...[...skipped].map(([path, skip]): [string, string] => [path, JSON.stringify(skip)]),
    ]);
  const [a, b] = [shown(one), shown(other)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
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
    let parts = 0;
    for (let round = 0; round < 150; round++) {
      const before = { seen: structuredClone(scanned), standing: standing(walk.path) };
      const story = editSome();
      const named = namesOf(before.standing, standing(walk.path));
      const touched = await rescan(walk.path, OPTIONS, scanned, named);
      const whole = await scan(walk.path, OPTIONS);
      if (touched) {
        parts++;
        expect({ story, facts: facts(scanned) }).toEqual({ story, facts: facts(whole) });
        const missing = differences(before.seen, whole).filter((path) => !touched.has(path));
        expect({ story, missing }).toEqual({ story, missing: [] });
      }
      scanned = whole;
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
  const known = (scanned: Scanned, more: Record<string, ManifestEntry> = {}): Manifest => ({
    files: new Map([
      ...[...scanned.files].map(([path, entry]): [string, ManifestEntry] => [path, { ...entry, sha1: "1" }]),
      ...Object.entries(more),
    ]),
    folders: new Set(scanned.folders),
  });

  test("changes nothing of what a snapshot tells, and a later rescan goes on from it", async () => {
    walk.fill(["a", "f/b", "f/g/c", "h/d"]);
    const scanned = await scan(walk.path, OPTIONS);
    const manifest = known(scanned);
    shareFiles(scanned, manifest);
    expect(scanned.files.get("f/b")).toBe(manifest.files.get("f/b"));
    expect(facts(scanned)).toEqual(facts(await scan(walk.path, OPTIONS)));
    rmSync(walk.at("f"), { recursive: true });
    walk.fill(["h/e"]);
    await rescan(walk.path, OPTIONS, scanned, new Set(["f", "h/e"]));
    expect(facts(scanned)).toEqual(facts(await scan(walk.path, OPTIONS)));
    expect([...manifest.files.keys()].sort()).toEqual(["a", "f/b", "f/g/c", "h/d"]);
  });

  test("keeps to the snapshot where the site is known to hold other files", async () => {
    walk.fill(["a"]);
    const scanned = await scan(walk.path, OPTIONS);
    const manifest = known(scanned, { dormant: { mtimeMs: 1, sizeBytes: 1, sha1: "1" } });
    shareFiles(scanned, manifest);
    manifest.files.delete("a");
    shareFiles(scanned, manifest);
    expect([...scanned.files.keys()]).toEqual(["a"]);
  });
});
