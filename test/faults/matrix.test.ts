import { afterAll, describe, expect, test } from "bun:test";
import { ofThisPart } from "../part.ts";
import type { FaultMatch } from "../servers/embedded.ts";
import { brokenPromises, busyWithNothing, unconverged } from "./invariants.ts";
import { CASES, type Case } from "./matrix-cases.ts";
import { removeProgram } from "./miroir.ts";
import { changeFolder, layAdoptable, layFolder } from "./scenes.ts";
import { createTurns } from "./turns.ts";
import { createWorld, type World } from "./world.ts";

afterAll(removeProgram);

/** Runs at once: more only make each other slow. */
const turns = createTurns(4);
const IMPATIENT = ["--timeout", "2s", "--retries", "2"];

/**
 * Lets one thing go wrong in a run, then has two runs undisturbed.
 * @returns every promise that was broken, by run
 */
async function play(world: World, { subject, effect, times }: Case): Promise<string[]> {
  const { server } = world;
  const allowed = { gaps: subject.gaps === true, torn: subject.inPlace === true };
  const how = subject.inPlace ? ["--in-place"] : [];
  if (subject.scene === "update") {
    await world.sync();
    changeFolder(world.folder);
  }
  for (const fault of subject.given ?? []) server.inject(fault);
  server.inject({ ...subject.match, ...effect, times });
  const disturbed = await world.sync(...IMPATIENT, ...how);
  const found = brokenPromises(world, disturbed, allowed).map((each) => `disturbed: ${each}`);
  if (!isMet(subject.match, disturbed.commands)) found.push("the moment never came");
  server.clearFaults();
  const mending = await world.sync(...how);
  const mended = [...brokenPromises(world, mending, allowed), ...unconverged(world, mending)];
  found.push(...mended.map((each) => `mending: ${each}`));
  const idle = await world.sync(...how);
  found.push(...[...brokenPromises(world, idle), ...busyWithNothing(idle)].map((each) => `idle: ${each}`));
  return [...new Set(found)];
}

function isMet({ command, path, occurrence = 1 }: FaultMatch, commands: string[]): boolean {
  if (command === "GREETING") return true;
  const met = commands.filter((text) => {
    const [, verb, argument = ""] = /^([A-Z]+)(?: (?:\d{14} )?\/?(.*))?$/.exec(text) ?? [];
    return verb === command && (path instanceof RegExp ? path.test(argument) : (path ?? argument) === argument);
  });
  return met.length >= occurrence;
}

describe("sync against a server that misbehaves keeps every promise and converges afterwards:", () => {
  test.concurrent.each(
    ofThisPart(CASES).map((each) => ({
      ...each,
      title: `${each.subject.name}: ${each.name} ${each.times === 1 ? "once" : "for ever"}`,
    })),
  )(
    "$title",
    ({ title: _, ...each }) =>
      turns.take(async () => {
        const { scene, features = {} } = each.subject;
        const isFirst = scene === "first";
        const world = await createWorld({
          populate: layFolder,
          features,
          ...(isFirst && { populateSite: layAdoptable }),
        });
        try {
          expect(await play(world, each)).toEqual([]);
        } finally {
          await world.close();
        }
      }),
    300_000,
  );
});
