import type { Contestant, Experiment } from "./experiment.ts";
import type { Ground, Site } from "./ground.ts";
import { runMeasured } from "./run.ts";
import type { Size } from "./size.ts";
import { miroirSync } from "./tools.ts";
import { flatPath, makeSmallFiles } from "./workloads.ts";

const KIND = "vsftpd";
const FEW = 10;

/** A folder that is in sync, again and again. */
function starter(ground: Ground, site: Site, folder: string, starts: number): Contestant {
  return {
    name: "miroir",
    async run() {
      const home = ground.newFolder();
      const task = site.task("direct", { from: folder, remote: site.freshName(), connections: 4, home });
      await runMeasured(miroirSync(task), home, ground.signal);
      const samples = [];
      for (let start = 0; start < starts; start++) {
        const { seconds, firstWordSeconds } = await runMeasured(miroirSync(task, { log: "-" }), home, ground.signal);
        samples.push({ seconds, firstWordSeconds });
      }
      return samples;
    },
  };
}

export function start({ starts }: Size): Experiment {
  return {
    name: "start",
    work: `start of "miroir sync --log -", ${FEW} files, nothing to do`,
    servers: [KIND],
    tools: [],
    async open(ground) {
      const folder = ground.newFolder();
      await makeSmallFiles(folder, { path: flatPath, count: FEW, sizeBytes: 100 }, ground.signal);
      return [starter(ground, await ground.site(KIND, "off"), folder, starts)];
    },
    rows: [
      {
        what: "until the first line of the log",
        unit: "ms",
        goal: { atMost: 80 },
        values: (of) => of("miroir", "firstWordSeconds").map((seconds) => seconds * 1000),
      },
    ],
  };
}
