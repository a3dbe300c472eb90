import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brokenPromises, unconverged } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { write } from "./scenes.ts";
import { createTurns } from "./turns.ts";
import { createWorld, type World } from "./world.ts";

afterAll(removeProgram);

interface Swap {
  name: string;
  /** What happens to `victim`, a file that is being sent or about to be. */
  swap(victim: string): void;
  /** The link is out of scope: what the site has in its place is left alone. */
  leavesFolder?: true;
}

const SWAPS: Swap[] = [
  {
    name: "a named pipe",
    swap(victim) {
      rmSync(victim);
      spawnSync("mkfifo", [victim]);
    },
  },
  {
    name: "a link to a file outside",
    swap(victim) {
      rmSync(victim);
      symlinkSync(outside(victim), victim);
    },
  },
  {
    name: "a folder",
    swap(victim) {
      rmSync(victim);
      mkdirSync(victim);
    },
  },
  { name: "nothing", swap: (victim) => rmSync(victim) },
  { name: "a part of itself", swap: (victim) => truncateSync(victim, 10) },
  { name: "other content of the same size", swap: (victim) => writeFileSync(victim, "z".repeat(300_000)) },
  {
    name: "what lies in a folder outside, by a link in its folder's place",
    leavesFolder: true,
    swap(victim) {
      const folder = dirname(victim);
      renameSync(folder, `${folder}-away`);
      symlinkSync(dirname(outside(victim)), folder);
    },
  },
];

/** Beside FOLDER, under the same name: what must never be sent. */
function outside(victim: string): string {
  return join(dirname(victim), "..", "..", "outside", "victim.txt");
}

const turns = createTurns(4);

async function play({ swap, leavesFolder }: Swap, moment: "GREETING" | "STOR"): Promise<string[]> {
  const world = await createWorld({
    populate(folder) {
      write(folder, "a.txt", "one");
      write(folder, "sub/victim.txt", "v".repeat(300_000));
      write(folder, "z.txt", "two");
      write(dirname(folder), "outside/victim.txt", "not to be sent ".repeat(20_000));
    },
  });
  try {
    const { server, folder } = world;
    const during = moment === "STOR" ? ({ when: "during", afterBytes: 1000 } as const) : ({ when: "before" } as const);
    server.inject({ command: moment, stallMs: 500, times: 8, ...during });
    const running = world.sync("--retries", "1");
    await reached(world, moment);
    swap(join(folder, "sub", "victim.txt"));
    world.history.remember();
    const found = brokenPromises(world, await running);
    server.clearFaults();
    const next = await world.sync();
    found.push(...brokenPromises(world, next), ...unconverged(world, next));
    return found.filter((each) => !(leavesFolder && each.endsWith("too much on the site: sub/")));
  } finally {
    await world.close();
  }
}

async function reached({ server }: World, moment: "GREETING" | "STOR"): Promise<void> {
  const isReached = () =>
    moment === "GREETING" ? server.sessionsOpen > 0 : server.transfers.some(({ path }) => path.startsWith("www/sub/"));
  const deadline = performance.now() + 30_000;
  while (!isReached() && performance.now() < deadline) await Bun.sleep(2);
}

describe.each(["GREETING", "STOR"] as const)("swapped between the scan and the end of sending, at %s:", (moment) => {
  test.concurrent.each(SWAPS)(
    "a file becomes $name",
    (swap) => turns.take(async () => expect(await play(swap, moment)).toEqual([])),
    120_000,
  );
});
