import type { Contestant, Experiment } from "./experiment.ts";
import type { Ground } from "./ground.ts";
import { HUGE_TREE_SERVER, type HugeTree, hugeTree } from "./huge-tree.ts";
import { type Command, runMeasured } from "./run.ts";
import type { Size } from "./size.ts";
import { ratios } from "./statistics.ts";
import { findAll, miroirSync, rcloneCompare, type Task } from "./tools.ts";

const RCLONE_TRANSFERS = 8;

/** Through the relay at full distance; `connections` are those it opened. */
function byMiroir(ground: Ground, { task, site }: HugeTree, rttMs: number): Contestant {
  return {
    name: "miroir",
    async run() {
      const before = site.relay.connections;
      const { seconds } = await runMeasured(miroirSync(task(rttMs)), ground.folder, ground.signal);
      return [{ seconds, connections: site.relay.connections - before }];
    },
  };
}

function byRclone(ground: Ground, name: string, task: () => Task, count: number): Contestant {
  return {
    name,
    async run() {
      const command = rcloneCompare({ ...task(), connections: RCLONE_TRANSFERS });
      const { seconds, said } = await runMeasured(command, ground.folder, ground.signal);
      const compared = Number(/^Checks:\s+(\d+) \//m.exec(said)?.[1] ?? 0);
      if (compared !== count) throw new Error(`rclone compared ${compared} of ${count} files: ${said.trim()}`);
      return [{ seconds }];
    },
  };
}

function byFind(ground: Ground, command: Command): Contestant {
  return {
    name: "find -printf",
    run: async () => [{ seconds: (await runMeasured(command, ground.folder, ground.signal)).seconds }],
  };
}

/** Nothing is different: what it costs to find that out. */
export function noChange({ hugeTreeFiles: count, rttMs }: Size): Experiment {
  const distant = `rclone, RTT ${rttMs} ms`;
  return {
    name: "no change",
    work: `sync of ${count.toLocaleString("en")} files without a change, ${HUGE_TREE_SERVER}`,
    servers: [HUGE_TREE_SERVER],
    tools: ["find", "rclone"],
    async open(ground) {
      const tree = await hugeTree(ground, count);
      const direct = () => ({ ...tree.task(0), host: tree.site.server.host });
      return [
        byMiroir(ground, tree, rttMs),
        byFind(ground, findAll(tree.folder)),
        byRclone(ground, "rclone", direct, count),
        { ...byRclone(ground, distant, () => tree.task(rttMs), count), once: true },
      ];
    },
    rows: [
      {
        what: "the time of find -printf",
        unit: "×",
        goal: { atMost: 2 },
        values: (of) => ratios(of("miroir", "seconds"), of("find -printf", "seconds")),
      },
      {
        what: `as fast as rclone --transfers ${RCLONE_TRANSFERS}, no latency`,
        unit: "×",
        goal: { atLeast: 3 },
        values: (of) => ratios(of("rclone", "seconds"), of("miroir", "seconds")),
      },
      {
        what: `as fast as rclone --transfers ${RCLONE_TRANSFERS}, RTT ${rttMs} ms`,
        unit: "×",
        goal: { atLeast: 24 },
        values: (of) => ratios(of(distant, "seconds"), of("miroir", "seconds")),
      },
      {
        what: "connections opened",
        unit: "",
        goal: { atMost: 0 },
        values: (of) => of("miroir", "connections"),
      },
    ],
  };
}
