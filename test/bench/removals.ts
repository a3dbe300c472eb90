import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readTree } from "../e2e/trees.ts";
import type { RealServerKind } from "../servers/real.ts";
import type { Contestant, Experiment, Row } from "./experiment.ts";
import type { Ground, Site } from "./ground.ts";
import { type Command, runMeasured } from "./run.ts";
import type { Size } from "./size.ts";
import { lftpMirrorDelete, miroirSync, type Task } from "./tools.ts";
import { requireEqual } from "./transfer.ts";
import { flatPath, makeSmallFiles } from "./workloads.ts";

const CONNECTIONS = 4;
/** There are so many times as many files as change: less than half of them, so that no approval is needed. */
const FILES_PER_CHANGE = 2.2;
const FILE_BYTES = 100;

/** One file after the other is gone; the others, and the folders, stay. */
function removeOne(folder: string, index: number): void {
  rmSync(join(folder, flatPath(index)));
}

/** Each file gets another name in its folder; no folder as a whole moves. */
function renameOne(folder: string, index: number): void {
  const path = flatPath(index);
  renameSync(join(folder, path), join(folder, path.replace("/picture-", "/renamed-")));
}

interface Change {
  count: number;
  act: (folder: string, index: number) => void;
  rttMs: number;
}

/** Mirrors a folder, changes it, and measures the run after that. */
function afterChange(
  ground: Ground,
  site: Site,
  { count, act, rttMs }: Change,
  tool: { name: string; once?: boolean; fill(task: Task): Promise<unknown>; command: (task: Task) => Command },
): Contestant {
  return {
    name: tool.name,
    ...(tool.once && { once: true }),
    async run() {
      const folder = ground.newFolder();
      const home = ground.newFolder();
      const remote = site.freshName();
      const all = Math.round(count * FILES_PER_CHANGE);
      await makeSmallFiles(folder, { path: flatPath, count: all, sizeBytes: FILE_BYTES }, ground.signal);
      const job = { from: folder, remote, connections: CONNECTIONS, home };
      await tool.fill(site.task(0, job));
      for (let index = 0; index < count; index++) act(folder, index);
      const { seconds } = await runMeasured(tool.command(site.task(rttMs, job)), home, ground.signal);
      requireEqual(tool.name, readTree(folder), readTree(site.onDisk(remote)));
      for (const path of [folder, home, site.onDisk(remote)]) rmSync(path, { recursive: true });
      return [{ seconds }];
    },
  };
}

function byMiroir(ground: Ground, site: Site, change: Change): Contestant {
  return afterChange(ground, site, change, {
    name: "miroir",
    fill: (task) => runMeasured(miroirSync(task), task.home, ground.signal),
    command: miroirSync,
  });
}

/** The site is filled on the disk: it keeps no memory of what it sent. */
function byLftp(ground: Ground, site: Site, change: Change): Contestant {
  return afterChange(ground, site, change, {
    name: "lftp mirror --delete",
    once: true,
    async fill({ from, remote }) {
      cpSync(from, site.onDisk(remote), { recursive: true, preserveTimestamps: true });
    },
    command: lftpMirrorDelete,
  });
}

const WITHIN: Row = {
  what: "whole run",
  unit: "s",
  goal: { atMost: 0.3 },
  values: (of) => of("miroir", "seconds"),
};

export function deletions(kind: RealServerKind, { removals: count, rttMs }: Size): Experiment {
  return {
    name: `deletions ${kind}`,
    work: `${count} deletions, RTT ${rttMs} ms, ${kind}`,
    servers: [kind],
    tools: ["lftp"],
    async open(ground) {
      const site = await ground.site(kind, "off");
      const change = { count, act: removeOne, rttMs };
      return [byMiroir(ground, site, change), byLftp(ground, site, change)];
    },
    rows: [WITHIN],
  };
}

export function renames(kind: RealServerKind, { renames: count, rttMs }: Size): Experiment {
  return {
    name: `renames ${kind}`,
    work: `${count} renamed files, RTT ${rttMs} ms, ${kind}`,
    servers: [kind],
    tools: [],
    async open(ground) {
      return [byMiroir(ground, await ground.site(kind, "off"), { count, act: renameOne, rttMs })];
    },
    rows: [WITHIN],
  };
}
