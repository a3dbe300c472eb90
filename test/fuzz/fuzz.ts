/**
 * `npm run fuzz [-- --minutes N] [--seed N] [--only WORDS]`: the properties of `test/fuzz/properties.ts`, over and over
 * with other seeds. Ends at the first that does not hold, with what repeats it, or after so many minutes (default 10)
 * with the most memory that was used.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { PROPERTIES } from "./properties.ts";

const RUNS_A_ROUND = 1000;
/** Several times what a long run needs. */
const MOST_BYTES = 2 ** 30;

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
});
const minutes = Number(values.minutes ?? 10);
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const chosen = Object.entries(PROPERTIES).filter(([name]) => name.includes(values.only ?? ""));
if (!Number.isFinite(minutes + firstSeed) || chosen.length === 0)
  throw new Error("Usage: fuzz [--minutes N] [--seed N] [--only WORDS]");

const say = (line: string) => process.stdout.write(`${line}\n`);
const endsAt = performance.now() + minutes * 60_000;
let most = 0;
let runs = 0;
say(`seed ${firstSeed}, ${chosen.length} properties, ${minutes} minutes`);
for (let seed = firstSeed; ; seed++) {
  for (const [name, property] of chosen) {
    const result = await fc.check(property(), { numRuns: RUNS_A_ROUND, seed });
    runs += result.numRuns;
    // What is left after this is held by something.
    Bun.gc(true);
    const isGreedy = process.memoryUsage.rss() > MOST_BYTES;
    most = Math.max(most, process.memoryUsage.rss());
    if (!result.failed && !isGreedy) continue;
    say(`FAILED: ${name}\n${isGreedy ? "it keeps more and more memory" : fc.defaultReportMessage(result)}`);
    say(`Again: npm run fuzz -- --seed ${seed} --only "${name}"`);
    process.exit(1);
  }
  if (performance.now() >= endsAt) break;
}
say(`${runs} runs, all hold; ${Math.round(most / 2 ** 20)} MiB of memory at most`);
