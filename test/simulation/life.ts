import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FILE } from "../../src/state/manifest-file.ts";
import { type RunOptions, runMiroir } from "./miroir-run.ts";
import type { Profile } from "./model-server.ts";
import type { Doom } from "./process.ts";
import { createRandom, type Random } from "./random.ts";
import { CALM, createWeather } from "./weather.ts";
import { createWorld, type Settings, type World } from "./world.ts";

/** What became of one seed. */
export interface Life {
  seed: number;
  /** One sentence for each broken promise; none when all was well. */
  broken: string[];
  /** All that happened, line by line. */
  story: string[];
}

const DAY_MS = 24 * 60 * 60_000;
/** Undisturbed runs, each with the approval of what was parked, within which a mirror has to converge. */
const RUNS_TO_CONVERGE = 4;

function chooseProfile(random: Random): Profile {
  const machineListings = random.chance(0.6);
  return {
    machineListings,
    setTime: random.pick(["MFMT", "MFMT", "MDTM", "none"]),
    renameOverwrites: random.chance(0.75),
    hidesDotFiles: random.chance(0.3),
    listsAtMost: random.chance(0.3) ? random.below(4) : Number.POSITIVE_INFINITY,
    tellsTruncation: random.chance(0.6),
    capacityBytes: random.chance(0.15) ? 400 + random.below(1000) : Number.POSITIVE_INFINITY,
  };
}

function chooseSettings(random: Random): Settings {
  return {
    profile: chooseProfile(random),
    delete: random.pick(["tracked", "tracked", "tracked", "tracked", "all", "none"]),
    maxDelete: random.pick([2, 5, 100, Number.POSITIVE_INFINITY]),
    connections: random.pick([1, 2, 3]),
    windowSize: random.pick([1, 3, 64]),
    grainMs: random.pick([1, 1, 1000, 2000]),
    writesLarge: random.chance(0.05),
    inPlace: random.chance(0.1),
  };
}

function chooseDoom(random: Random): Doom | undefined {
  if (!random.chance(0.45)) return undefined;
  return { effect: 1 + random.below(random.pick([8, 40, 120])), when: random.pick(["before", "after", "torn"]) };
}

/** Lives through one seed: some disturbed runs, then undisturbed ones that have to put everything right. */
export async function live(seed: number): Promise<Life> {
  const random = createRandom(seed);
  const settings = chooseSettings(random);
  const world = createWorld(random, settings);
  const { witness, story } = world;
  story.push(`seed ${seed}: ${JSON.stringify(settings)}`);
  try {
    prepare(world, random);
    const runs = 1 + random.below(4);
    for (let run = 0; run < runs && witness.broken.length === 0; run++) await disturbedRun(world, random);
    if (witness.broken.length === 0) await comeToRest(world, random, settings);
  } finally {
    world.end();
  }
  return { seed, broken: witness.broken, story };
}

function edit(world: World, times: number): void {
  for (let time = 0; time < times; time++) {
    const what = world.editor.edit();
    if (what !== undefined) world.tell(`edit: ${what}`);
  }
}

function prepare(world: World, random: Random): void {
  edit(world, random.below(14));
  if (random.chance(0.4))
    for (let count = random.below(3); count >= 0; count--) world.tell(`others: ${world.others.edit()}`);
}

async function disturbedRun(world: World, random: Random): Promise<void> {
  const { clock } = world;
  edit(world, random.below(5));
  if (random.chance(0.2)) world.tell(`others: ${world.others.edit()}`);
  if (random.chance(0.1)) jump(world, random);
  const manifest = join(world.place.directory, MANIFEST_FILE);
  if (random.chance(0.03) && existsSync(manifest)) {
    world.tell("the manifest is damaged");
    writeFileSync(manifest, "{", { flag: "a" });
  }
  const roughness = random.pick([0, 0, 0.02, 0.05, 0.15, 0.4]);
  const options: RunOptions = {
    weather: roughness === 0 ? CALM : createWeather(random, roughness),
    passes: random.pick([1, 1, 2, 4]),
    retries: random.below(3),
    verifyMs: random.pick([1, DAY_MS, Number.POSITIVE_INFINITY]),
    isWatch: random.chance(0.4),
    doom: chooseDoom(random),
    edits: random.pick([0, 0, 0.02, 0.1]),
    foreignEdits: random.pick([0, 0, 0, 0.02]),
    diskErrors: random.pick([0, 0, 0.05]),
    onPass: () => edit(world, random.below(3)),
  };
  const hideable = random.pickAny(["", ...world.local.files.keys(), ...world.local.folders]);
  if (random.chance(0.25) && hideable !== undefined) {
    world.tell(`unreadable: "${hideable}"`);
    options.unreadable = hideable;
  }
  clock.pass(random.pick([1, 500, 3000]));
  await runMiroir(world, options);
  if (random.chance(0.2)) world.tell(`approve: ${world.approve()}`);
}

function jump({ clock, tell }: World, random: Random): void {
  const ms = random.pick([-1, 1]) * random.below(random.pick([5000, 3 * DAY_MS]));
  clock.jump(ms);
  tell(`the clock is set by ${ms} ms`);
}

/** Nothing goes wrong any more: the site has to become FOLDER, and then nothing is to be done. */
async function comeToRest(world: World, random: Random, settings: Settings): Promise<void> {
  const { clock, server, witness, tell } = world;
  const { hidesDotFiles, listsAtMost } = settings.profile;
  Object.assign(server.profile, { capacityBytes: Number.POSITIVE_INFINITY, listsAtMost: Number.POSITIVE_INFINITY });
  Object.assign(server.profile, { hidesDotFiles: false });
  const mode = settings.delete === "none" ? "tracked" : settings.delete;
  const quiet: RunOptions = { weather: CALM, passes: 1, retries: 1, verifyMs: 1, delete: mode };
  let isAtRest = false;
  for (let run = 1; run <= RUNS_TO_CONVERGE && !isAtRest; run++) {
    world.others.clearTheWay();
    clock.pass(5000);
    const { last } = await runMiroir(world, quiet);
    if (witness.broken.length > 0) return;
    const approved = world.approve();
    tell(`approve: ${approved}`);
    // A run that was killed before its first pass ended counts as verified until the next one.
    isAtRest = last?.codes.length === 0 && approved === 0 && run > 1;
    if (run === RUNS_TO_CONVERGE && !isAtRest) witness.tell(`it does not converge: exit codes ${last?.codes}`);
  }
  witness.judgeClaims(world.manifest(), true);
  world.expectEqual(mode);
  world.expectNothingTemporary();
  if (witness.broken.length > 0) return;

  tell("nothing is to be done");
  clock.pass(5000);
  // A racy time is settled in this one.
  await runMiroir(world, { ...quiet, verifyMs: Number.POSITIVE_INFINITY });
  const idle = await runMiroir(world, { ...quiet, verifyMs: Number.POSITIVE_INFINITY });
  if (mode !== "all" && idle.turns > 0) witness.tell(`an idle run asks the server something`);

  tell("a verification of what is as it was, by listings that leave entries out");
  const tick = server.changes;
  const shorten = { hidesDotFiles: true, listsAtMost: Math.min(listsAtMost, random.below(3)) };
  Object.assign(server.profile, mode === "all" ? { hidesDotFiles } : shorten);
  await runMiroir(world, quiet);
  if (server.changes !== tick) witness.tell("a verification changed a site that was right");
}
