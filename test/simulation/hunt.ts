/**
 * bun test/simulation/hunt.ts FROM COUNT PATTERN: lives through seeds until one breaks a promise in words that match,
 * and prints the seed and the words.
 */
import { live } from "./life.ts";

const [from = "1", count = "100", pattern = ""] = process.argv.slice(2);
const words = new RegExp(pattern);
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const { broken } = await live(seed);
  const found = broken.find((each) => words.test(each));
  if (found === undefined) continue;
  process.stdout.write(`seed ${seed}: ${found}\n`);
  break;
}
