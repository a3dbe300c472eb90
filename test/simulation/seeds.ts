import { type Life, live } from "./life.ts";

/** Lines of a story that fit a terminal. */
const LONGEST_STORY = 150;

/** Lives through seeds in order. @returns the first one that breaks a promise; undefined when none does */
export async function firstBroken(from: number, count: number): Promise<Life | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    const life = await live(seed);
    if (life.broken.length > 0) return life;
  }
  return undefined;
}

/** For the person who has to find out why: what was broken, what led to it, and how to see it again. */
export function report({ seed, broken, story }: Life): string {
  const left = story.length - LONGEST_STORY;
  const shown = left > 0 ? [story[0], `  (${left} lines left out)`, ...story.slice(-LONGEST_STORY)] : story;
  const again = `MIROIR_SIMULATION_SEED=${seed} bun test ./test/simulation/simulation.test.ts`;
  return [...shown, "", `Seed ${seed} breaks:`, ...broken.map((each) => `- ${each}`), `Again: ${again}`].join("\n");
}
