import { describe, expect, test } from "bun:test";
import { ofThisPart } from "../part.ts";
import { CRASH_SCENARIOS, type CrashScenario, fill, settingsOf } from "./crash-scenarios.ts";
import { type RunOptions, runMiroir } from "./miroir-run.ts";
import type { Doom } from "./process.ts";
import { createRandom } from "./random.ts";
import { CALM } from "./weather.ts";
import { createWorld } from "./world.ts";

const HOW: { when: Doom["when"]; words: string }[] = [
  { when: "before", words: "before" },
  { when: "after", words: "after" },
  { when: "torn", words: "in the middle of" },
];
const RUN: RunOptions = { weather: CALM, passes: 1, retries: 0, verifyMs: Number.POSITIVE_INFINITY };

/** Kills a run as told and lets the next ones go on. @returns what was broken, and whether the run lived to its end */
async function dieAt(scenario: CrashScenario, doom: Doom): Promise<{ broken: string[]; livedOn: boolean }> {
  const world = createWorld(createRandom(doom.effect), settingsOf(scenario));
  const { local, witness, clock } = world;
  try {
    fill(local, scenario.before);
    clock.pass(10_000);
    await runMiroir(world, RUN);
    clock.pass(10_000);
    scenario.edit(local);
    clock.pass(10_000);
    const { last } = await runMiroir(world, { ...RUN, doom });
    const livedOn = last !== undefined;
    clock.pass(10_000);
    const next = await runMiroir(world, RUN);
    if (next.last?.codes.length !== 0) witness.tell(`the next run ends with ${next.last?.codes}`);
    world.expectEqual();
    witness.judgeClaims(world.manifest(), true);
    world.expectNothingTemporary();
    const idle = await runMiroir(world, RUN);
    if (idle.turns > 0) witness.tell("the run after it still asks the server");
    const at = `killed ${doom.when} effect ${doom.effect}`;
    return { broken: witness.broken.map((each) => `${at}: ${each}`), livedOn };
  } finally {
    world.end();
  }
}

describe("killed at any effect, the next run makes the site FOLDER and sends no content again that was recorded:", () => {
  for (const { when, words } of ofThisPart(HOW)) {
    test.each(CRASH_SCENARIOS)(`$name, killed ${words} each effect`, async (scenario) => {
      const broken: string[] = [];
      let effects = 0;
      for (let livedOn = false; !livedOn; ) {
        const life = await dieAt(scenario, { effect: ++effects, when });
        broken.push(...life.broken);
        ({ livedOn } = life);
      }
      expect(effects).toBeGreaterThan(5);
      expect(broken).toEqual([]);
    }, 120_000);
  }
});
