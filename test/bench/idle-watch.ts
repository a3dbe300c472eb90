import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "../e2e/program.ts";
import type { Contestant, Experiment, Sample } from "./experiment.ts";
import type { Ground } from "./ground.ts";
import { HUGE_TREE_SERVER, type HugeTree, hugeTree } from "./huge-tree.ts";
import { processorClock, rssBytes } from "./linux-process.ts";
import { secondsSince } from "./run.ts";
import type { Size } from "./size.ts";
import { miroirWatch } from "./tools.ts";
import { untilThere, whileRunning } from "./watching.ts";
import { deepPath, noise } from "./workloads.ts";

const INTERVAL_MS = 1000;
/** What follows from the start is not idleness. */
const SETTLE_MS = 5000;
/** A second with so much processor time has a safety scan in it. */
const SCAN_MS = 30;
/** It may reach over more than one second: those so near to one another are one scan. */
const SAME_SCAN_SECONDS = 5;
/** A safety scan is waited for no longer than this. */
const PATIENCE_SECONDS = 330;

/**
 * Starts a watch while one file waits to be sent: when that is visible the watch was ready. Then leaves it alone for
 * so many seconds, and until a safety scan has come.
 */
function idler(ground: Ground, tree: HugeTree, idleSeconds: number): Contestant {
  return {
    name: "miroir watch",
    once: true,
    async run() {
      const [path, content] = [deepPath(0), noise(-1, 100)];
      writeFileSync(join(tree.folder, path), content);
      const startMs = performance.now();
      return await whileRunning(miroirWatch(tree.task(0), INTERVAL_MS), ground, async (running) => {
        await untilThere(join(tree.site.onDisk(tree.remote), path), content, running, ground.signal);
        const readySeconds = secondsSince(startMs);
        await Bun.sleep(SETTLE_MS);
        return [{ readySeconds, ...(await idleness(running, idleSeconds, ground)) }];
      });
    },
  };
}

async function idleness({ pid }: Running, idleSeconds: number, ground: Ground): Promise<Sample> {
  const patienceSeconds = ground.size.isJudged ? PATIENCE_SECONDS : idleSeconds;
  const usedMs: number[] = [];
  const startMs = performance.now();
  let scans = 0;
  let lastBusySeconds = -Infinity;
  const processorMs = processorClock(pid);
  for (let beforeMs = processorMs(); ; ) {
    const elapsed = secondsSince(startMs);
    if (elapsed >= patienceSeconds || (elapsed >= idleSeconds && scans > 0)) break;
    await Bun.sleep(1000);
    ground.signal.throwIfAborted();
    const nowMs = processorMs();
    usedMs.push(nowMs - beforeMs);
    if (nowMs - beforeMs > SCAN_MS) {
      if (elapsed - lastBusySeconds > SAME_SCAN_SECONDS) scans++;
      lastBusySeconds = elapsed;
    }
    beforeMs = nowMs;
  }
  const allMs = usedMs.reduce((sum, ms) => sum + ms, 0);
  const restMs = usedMs.filter((ms) => ms <= SCAN_MS);
  const seconds = secondsSince(startMs);
  return {
    betweenPercent: (restMs.reduce((sum, ms) => sum + ms, 0) / restMs.length / 1000) * 100,
    // Without a scan in it, the time says nothing of what scans cost.
    ...(scans > 0 && { allPercent: (allMs / 1000 / seconds) * 100 }),
    scans,
    seconds,
    rssBytes: rssBytes(pid) ?? Number.NaN,
  };
}

export function idleWatch({ hugeTreeFiles: count, idleSeconds }: Size): Experiment {
  return {
    name: "idle",
    work: `watch over ${count.toLocaleString("en")} files, nothing changes`,
    servers: [HUGE_TREE_SERVER],
    tools: [],
    open: async (ground) => [idler(ground, await hugeTree(ground, count), idleSeconds)],
    rows: [
      {
        what: "processor, between safety scans",
        unit: "%",
        goal: { atMost: 0.1 },
        values: (of) => of("miroir watch", "betweenPercent"),
      },
      {
        what: "processor, with safety scans",
        unit: "%",
        goal: { atMost: 0.25 },
        values: (of) => of("miroir watch", "allPercent"),
      },
      {
        what: "memory (RSS)",
        unit: "MB",
        goal: { atMost: 100 },
        values: (of) => of("miroir watch", "rssBytes").map((bytes) => bytes / 1e6),
      },
      {
        what: "from start until a file that waited is visible",
        unit: "s",
        goal: { atMost: 1.5 },
        values: (of) => of("miroir watch", "readySeconds"),
      },
      { what: "safety scans seen", unit: "", values: (of) => of("miroir watch", "scans") },
      { what: "time looked at", unit: "s", values: (of) => of("miroir watch", "seconds") },
    ],
  };
}
