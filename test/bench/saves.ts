import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RealServerKind } from "../servers/real.ts";
import type { Contestant, Experiment, Row, Sample } from "./experiment.ts";
import type { Ground, Site, Way } from "./ground.ts";
import { runMeasured } from "./run.ts";
import type { Size } from "./size.ts";
import { quantile } from "./statistics.ts";
import { miroirSync, miroirWatch } from "./tools.ts";
import { untilThere, whileRunning } from "./watching.ts";
import { flatPath, makeSmallFiles, noise } from "./workloads.ts";

/** Without distance it is not the server that counts. */
const KIND = "vsftpd";
const FILES = 200;
const FILE_BYTES = 4096;
const INTERVAL_MS = 500;
const CONNECTIONS = 4;
/** Saves come at all moments of an interval: one more prime number of milliseconds each. */
const PHASE_STEP_MS = 137;

const SAVE_TO_VISIBLE: Row = {
  what: "from save until visible",
  unit: "ms",
  values: (of) => of("miroir watch", "visibleMs"),
};

/** A file is saved now and then while a watch runs; looked at on the server's disk until it has the new content. */
function saver(ground: Ground, site: Site, way: Way, saves: number): Contestant {
  return {
    name: "miroir watch",
    once: true,
    async run() {
      const [folder, home, remote] = [ground.newFolder(), ground.newFolder(), site.freshName()];
      await makeSmallFiles(folder, { path: flatPath, count: FILES, sizeBytes: FILE_BYTES }, ground.signal);
      const job = { from: folder, remote, connections: CONNECTIONS, home };
      await runMeasured(miroirSync(site.task(way === "direct" ? way : 0, job)), home, ground.signal);
      const task = site.task(way, job);
      const samples = await whileRunning(miroirWatch(task, INTERVAL_MS), ground, async (running) => {
        const found: Sample[] = [];
        for (let save = 0; save <= saves; save++) {
          await Bun.sleep(INTERVAL_MS + ((save * PHASE_STEP_MS) % INTERVAL_MS));
          const path = flatPath(save % FILES);
          const content = noise(FILES + save, FILE_BYTES);
          writeFileSync(join(folder, path), content);
          const savedMs = performance.now();
          await untilThere(join(site.onDisk(remote), path), content, running, ground.signal);
          // The first one also waits for the watch to be ready.
          if (save > 0) found.push({ visibleMs: performance.now() - savedMs });
        }
        return found;
      });
      for (const path of [folder, home, site.onDisk(remote)]) rmSync(path, { recursive: true });
      return samples;
    },
  };
}

export function savesAtDistance(kind: RealServerKind, { saves, rttMs }: Size): Experiment {
  return {
    name: `saves distant ${kind}`,
    work: `one saved file, watch --interval ${INTERVAL_MS}ms, RTT ${rttMs} ms, ${kind}, ${saves} times`,
    servers: [kind],
    tools: [],
    open: async (ground) => [saver(ground, await ground.site(kind, "off"), rttMs, saves)],
    rows: [
      {
        what: "from save + interval until visible, 95th percentile, in round trips",
        unit: "",
        goal: { atMost: 3 },
        values: (of) => [(quantile(of("miroir watch", "visibleMs"), 0.95) - INTERVAL_MS) / rttMs],
      },
      SAVE_TO_VISIBLE,
    ],
  };
}

export function savesNearby({ saves }: Size): Experiment {
  return {
    name: "saves near",
    work: `one saved file, watch --interval ${INTERVAL_MS}ms, no latency, ${KIND}, ${saves} times`,
    servers: [KIND],
    tools: [],
    open: async (ground) => [saver(ground, await ground.site(KIND, "off"), "direct", saves)],
    rows: [
      {
        what: "from save + interval until visible, 95th percentile",
        unit: "ms",
        goal: { atMost: 50 },
        values: (of) => [quantile(of("miroir watch", "visibleMs"), 0.95) - INTERVAL_MS],
      },
      SAVE_TO_VISIBLE,
    ],
  };
}
