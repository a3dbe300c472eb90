import type { Contestant, Experiment } from "./experiment.ts";
import type { Ground } from "./ground.ts";
import { HUGE_TREE_SERVER, hugeTree } from "./huge-tree.ts";
import type { Size } from "./size.ts";

export function firstSync({ hugeTreeFiles: many, fewFiles: few }: Size): Experiment {
  const nameOf = (count: number) => `miroir, ${count.toLocaleString("en")} files`;
  const contestant = (ground: Ground, count: number): Contestant => ({
    name: nameOf(count),
    once: true,
    run: async () => [(await hugeTree(ground, count)).firstSync],
  });
  return {
    name: "first",
    work: `first sync of ${many.toLocaleString("en")} files of 100 bytes, no latency, ${HUGE_TREE_SERVER}`,
    servers: [HUGE_TREE_SERVER],
    tools: [],
    open: async (ground) => [contestant(ground, few), contestant(ground, many)],
    rows: [
      {
        what: `memory (RSS) more for each file than with ${few.toLocaleString("en")} files`,
        unit: "bytes",
        goal: { atMost: 2048 },
        values(of) {
          const [small = Number.NaN] = of(nameOf(few), "peakBytes");
          return of(nameOf(many), "peakBytes").map((peak) => (peak - small) / (many - few));
        },
      },
      {
        what: "longest wait of a timer while sending",
        unit: "ms",
        goal: { atMost: 100 },
        values: (of) => of(nameOf(many), "stallMs"),
      },
    ],
  };
}
