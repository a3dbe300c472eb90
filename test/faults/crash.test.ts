import { afterAll, expect, test } from "bun:test";
import { createEditor, createRandom } from "./edits.ts";
import { brokenByKill, busyWithNothing, falseClaims, unconverged } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { layFolder } from "./scenes.ts";
import { readTree } from "./trees.ts";
import { createWorld, type Run, type World } from "./world.ts";

afterAll(removeProgram);

const KILLS = 40;
const LONGEST_LIFE_COMMANDS = 90;
const CONNECTIONS = 4;

/** Kept over all runs: what a run that was killed may leave unknown to the manifest, until it is known again. */
function createDoubts(world: World): () => string[] {
  let doubts = new Set<string>();
  return () => {
    const claims = falseClaims(world, readTree(world.server.root));
    const broken = claims.filter(({ path, isAsWanted, isIntended }) => !isAsWanted && !isIntended && !doubts.has(path));
    doubts = new Set(claims.map(({ path }) => path));
    return broken.map(({ path }) => `the manifest claims another ${path} than the site holds`);
  };
}

/** Counts the files that were put in place again although they were there already. */
function createResentCount(): (run: Run) => number {
  const shown = new Map<string, string>();
  let resent = 0;
  return ({ sightings }) => {
    for (const { path, change, sha1 } of sightings) {
      if (change === "replaced" && shown.get(path) === sha1) resent++;
      shown.set(path, sha1);
    }
    return resent;
  };
}

test.each([
  1, 2, 3,
])(`sync killed ${KILLS} times, with changes in between, shows no half file and converges (seed %d)`, async (seed) => {
  const random = createRandom(seed);
  const world = await createWorld({ populate: layFolder, latencyMs: 1 });
  const edit = createEditor(world.folder, random);
  const newFalseClaims = createDoubts(world);
  const countResent = createResentCount();
  try {
    const found: string[] = [];
    let killed = 0;
    for (let runs = 0; killed < KILLS && runs < 3 * KILLS; runs++) {
      const run = await world.syncUntilKilled(1 + random(LONGEST_LIFE_COMMANDS), "--max-delete", "none");
      if (run.exitCode === -1) killed++;
      found.push(...[...brokenByKill(world, run), ...newFalseClaims()].map((each) => `run ${runs}: ${each}`));
      countResent(run);
      for (let edits = random(6); edits > 0; edits--) edit();
    }
    expect(killed).toBe(KILLS);
    const last = await world.sync("--max-delete", "none");
    found.push(...unconverged(world, last));
    expect(found).toEqual([]);
    expect(countResent(last)).toBeLessThanOrEqual(CONNECTIONS * KILLS);
    expect(busyWithNothing(await world.sync())).toEqual([]);
  } finally {
    await world.close();
  }
}, 300_000);
