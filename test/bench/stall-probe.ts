/**
 * Preloaded into the executable by `BUN_OPTIONS`: notes when a timer that was due each 5 ms came late, and writes it to
 * the file that `BENCH_STALLS` names, as pairs of the time it came (Unix milliseconds) and how late it was.
 */
import { writeFileSync } from "node:fs";

const PERIOD_MS = 5;
const WORTH_NOTING_MS = 10;

const stalls: [atMs: number, lateMs: number][] = [];
let lastMs = performance.now();

function look(): void {
  const nowMs = performance.now();
  const lateMs = nowMs - lastMs - PERIOD_MS;
  lastMs = nowMs;
  if (lateMs > WORTH_NOTING_MS) stalls.push([Date.now(), lateMs]);
}

setInterval(look, PERIOD_MS).unref();
process.on("exit", () => {
  look();
  writeFileSync(process.env.BENCH_STALLS ?? "", JSON.stringify(stalls));
});
