import { afterAll, describe, expect, test } from "bun:test";
import type { FaultEffect } from "../servers/embedded.ts";
import { differences } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { changeFolder, layFolder } from "./scenes.ts";
import { readTree } from "./trees.ts";
import { createTurns } from "./turns.ts";
import { createWorld, REMOTE_FOLDER } from "./world.ts";

afterAll(removeProgram);

/** The entry that is bad, by the command that it cannot get past. */
const BAD = [
  { command: "MKD", path: "new-folder" },
  { command: "RNTO", path: "moved-here" },
  { command: "RNTO", path: "new name.txt" },
  { command: "RNTO", path: "big.bin" },
  { command: "MFMT", path: "touched.txt" },
  { command: "DELE", path: "deleted.txt" },
  { command: "RMD", path: "gone" },
];

const EFFECTS: { name: string; effect: FaultEffect }[] = [
  { name: "is refused", effect: { reply: 550 } },
  { name: "costs the connection", effect: { drop: "control", when: "before" } },
  { name: "is never answered", effect: { stallMs: 1e9, when: "before" } },
];

const turns = createTurns(4);

describe("one bad entry stops no other:", () => {
  test.concurrent.each(BAD.flatMap((bad) => EFFECTS.map((effect) => ({ ...bad, ...effect }))))(
    "$command $path $name, for ever",
    ({ command, path, effect }) =>
      turns.take(async () => {
        const world = await createWorld({ populate: layFolder });
        try {
          await world.sync();
          changeFolder(world.folder);
          world.server.inject({ command, path: `${REMOTE_FOLDER}/${path}`, ...effect, times: Infinity });
          await world.sync("--timeout", "1s", "--retries", "1");
          const others = differences(world, readTree(world.server.root)).filter((each) => !isAbout(each, path));
          expect(others).toEqual([]);
        } finally {
          await world.close();
        }
      }),
    120_000,
  );
});

/** Whether a difference comes from the bad entry: its own name, what lies below it, and the old name of a rename. */
function isAbout(difference: string, path: string): boolean {
  const names = [path, ...({ "moved-here": ["moved"], "new name.txt": ["old name.txt"] }[path] ?? [])];
  return names.some((name) => new RegExp(`: ${name}(/|$)`).test(difference));
}
