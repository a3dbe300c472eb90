import { readTree } from "../e2e/trees.ts";
import type { Sample } from "./experiment.ts";
import type { Ground, Site } from "./ground.ts";
import { runMeasured } from "./run.ts";
import { watchingForStalls } from "./stalls.ts";
import type { Task } from "./tools.ts";
import { requireEqual } from "./transfer.ts";
import { deepPath, makeSmallFiles } from "./workloads.ts";

export const HUGE_TREE_SERVER = "vsftpd";
const FILE_BYTES = 100;
const CONNECTIONS = 4;

/** A tree that has been mirrored once, through the relay without latency. */
export interface HugeTree {
  site: Site;
  folder: string;
  remote: string;
  task(rttMs: number): Task;
  /** How the mirroring went. */
  firstSync: Sample;
}

/** Made once; the experiments after that leave folder and site as they are, or alike. */
export function hugeTree(ground: Ground, count: number): Promise<HugeTree> {
  return ground.once(`tree of ${count} files`, async () => {
    const site = await ground.site(HUGE_TREE_SERVER, "off");
    const [folder, home, remote] = [ground.newFolder(), ground.newFolder(), site.freshName()];
    await makeSmallFiles(folder, { path: deepPath, count, sizeBytes: FILE_BYTES }, ground.signal);
    const task = (rttMs: number) => site.task(rttMs, { from: folder, remote, connections: CONNECTIONS, home });
    const { seconds, peakBytes } = await runMeasured(watchingForStalls.command(task(0)), home, ground.signal);
    requireEqual(`first sync of ${count} files`, readTree(folder), readTree(site.onDisk(remote)));
    const firstSync = { seconds, peakBytes, ...watchingForStalls.look(home) };
    return { site, folder, remote, task, firstSync };
  });
}
