import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { busyWithNothing, unconverged } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { layFolder, write } from "./scenes.ts";
import { createTurns } from "./turns.ts";
import { createWorld, REMOTE_FOLDER } from "./world.ts";

afterAll(removeProgram);

/** What is changed, the command that is carried out without an answer, and how the change is undone: times and all. */
interface Undoing {
  name: string;
  change(folder: string): void;
  command: string;
  path: string;
  undo(folder: string): void;
  options?: string[];
}

const move = (from: string, to: string) => (folder: string) => renameSync(join(folder, from), join(folder, to));

const UNDOINGS: Undoing[] = [
  {
    name: "a renamed file",
    change: move("old name.txt", "new name.txt"),
    command: "RNTO",
    path: "new name.txt",
    undo: move("new name.txt", "old name.txt"),
  },
  {
    name: "a moved folder",
    change: move("moved", "moved-here"),
    command: "RNTO",
    path: "moved-here",
    undo: move("moved-here", "moved"),
  },
  {
    name: "a deleted file",
    change: (folder) => rmSync(join(folder, "deleted.txt")),
    command: "DELE",
    path: "deleted.txt",
    undo: (folder) => write(folder, "deleted.txt", "to be deleted"),
  },
  {
    name: "a modified file",
    change: (folder) => write(folder, "modified.txt", "the second version", 1_700_000_500),
    command: "RNTO",
    path: "modified.txt",
    undo: (folder) => write(folder, "modified.txt", "the first version"),
  },
  {
    name: "a file modified in place",
    change: (folder) => write(folder, "modified.txt", "the 2nd version..", 1_700_000_500),
    command: "STOR",
    path: "modified.txt",
    undo: (folder) => write(folder, "modified.txt", "the first version"),
    options: ["--in-place"],
  },
  {
    name: "a new file, in place",
    change: (folder) => write(folder, "new.txt", "new"),
    command: "STOR",
    path: "new.txt",
    undo: (folder) => rmSync(join(folder, "new.txt")),
    options: ["--in-place"],
  },
  {
    name: "a new file",
    change: (folder) => write(folder, "new.txt", "new"),
    command: "RNTO",
    path: "new.txt",
    undo: (folder) => rmSync(join(folder, "new.txt")),
  },
  {
    name: "a new folder",
    change: (folder) => mkdirSync(join(folder, "new-folder")),
    command: "MKD",
    path: "new-folder",
    undo: (folder) => rmdirSync(join(folder, "new-folder")),
  },
  {
    name: "a removed folder",
    change: (folder) => rmSync(join(folder, "gone"), { recursive: true }),
    command: "RMD",
    path: "gone",
    undo: (folder) => write(folder, "gone/g.txt", "deleted with its folder"),
  },
];

const turns = createTurns(4);

describe("a step that was carried out and never confirmed, then undone in FOLDER, is undone on the site:", () => {
  test.concurrent.each(UNDOINGS)("$name", ({ change, command, path, undo, options = [] }) =>
    turns.take(async () => {
      const world = await createWorld({ populate: layFolder });
      try {
        await world.sync();
        change(world.folder);
        world.server.inject({ command, path: `${REMOTE_FOLDER}/${path}`, drop: "control", when: "after" });
        // From then on nobody gets in: what became of the step cannot be asked for.
        world.server.inject({ command: "GREETING", occurrence: 2, reply: 421, times: Infinity });
        const { exitCode } = await world.sync("--retries", "0", "--connections", "1", ...options);
        expect(exitCode).not.toBe(0);
        world.server.clearFaults();
        undo(world.folder);
        expect(unconverged(world, await world.sync())).toEqual([]);
        expect(busyWithNothing(await world.sync())).toEqual([]);
      } finally {
        await world.close();
      }
    }));
});
