import { rmSync } from "node:fs";
import { differences, readTree, type Tree } from "../e2e/trees.ts";
import type { Contestant, Sample } from "./experiment.ts";
import type { Ground, Site, Way } from "./ground.ts";
import { type Command, runMeasured } from "./run.ts";
import type { Task } from "./tools.ts";

export interface Transfer extends Omit<Contestant, "run"> {
  site: Site;
  way: Way;
  connections: number;
  /** What the site must hold afterwards. */
  folder: string;
  /** What the program is given, where that is not the folder. */
  file?: string;
  command: (task: Task) => Command;
  /** More figures of the same run; it has ended, and `home` is still there. */
  look?: (home: string) => Sample;
}

/** Sends a folder into a new remote folder, and compares all that arrived: names, sizes, bytes. */
export function transfer(ground: Ground, transferred: Transfer): Contestant {
  const { site, way, connections, folder, file = folder, command, look, ...contestant } = transferred;
  return {
    ...contestant,
    async run() {
      const remote = site.freshName();
      const home = ground.newFolder();
      const task = site.task(way, { from: file, remote, connections, home });
      const { seconds, peakBytes } = await runMeasured(command(task), home, ground.signal);
      const wanted = await ground.once(`tree ${folder}`, async () => readTree(folder));
      requireEqual(contestant.name, wanted, readTree(site.onDisk(remote)));
      const figures = look?.(home) ?? {};
      rmSync(site.onDisk(remote), { recursive: true });
      rmSync(home, { recursive: true });
      return [{ seconds, peakBytes, ...figures }];
    },
  };
}

export function requireEqual(name: string, wanted: Tree, found: Tree): void {
  const left = differences(wanted, found);
  if (left.length === 0) return;
  throw new Error(`"${name}" left ${left.length} differences: ${left.slice(0, 3).join(", ")}`);
}
