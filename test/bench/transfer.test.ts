import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGround, type Ground, type Site } from "./ground.ts";
import type { Command } from "./run.ts";
import { SIZES } from "./size.ts";
import type { Task } from "./tools.ts";
import { transfer } from "./transfer.ts";

let ground: Ground;
let folder: string;
let site: Site;

/** A site without a server: what is "sent" is copied by a shell. */
beforeEach(() => {
  ground = createGround(SIZES.tiny, new AbortController().signal);
  folder = ground.newFolder();
  for (const name of ["a", "b"]) writeFileSync(join(folder, name), `content of ${name}`);
  const root = ground.newFolder();
  let names = 0;
  site = {
    freshName: () => `run-${++names}`,
    onDisk: (name: string) => join(root, name),
    task: (_way: unknown, job: Pick<Task, "from" | "remote" | "home">) => ({ ...job, executable: root }),
  } as unknown as Site;
});

afterEach(() => ground.end());

function shell(script: string): (task: Task) => Command {
  return ({ from, remote, executable: root }) => ({
    words: ["sh", "-c", script, "sh", from, join(root, remote)],
    env: { PATH: process.env.PATH ?? "" },
  });
}

const sending = (script: string) =>
  transfer(ground, { name: "copy", site, way: "direct", connections: 1, folder, command: shell(script) });

test("transfer() measures what sent all, each time into a new folder that is gone afterwards", async () => {
  const contestant = sending('cp -r "$1" "$2"');
  for (const round of [1, 2]) {
    const [sample] = await contestant.run();
    expect(sample?.seconds).toBeGreaterThan(0);
    expect(existsSync(site.onDisk(`run-${round}`))).toBe(false);
  }
});

test.each([
  { what: "left a file out", script: 'cp -r "$1" "$2"; rm "$2/b"', found: "missing: b" },
  {
    what: "sent other bytes of the same size",
    script: 'cp -r "$1" "$2"; printf "content of c" >"$2/b"',
    found: "different: b",
  },
  { what: "sent too much", script: 'cp -r "$1" "$2"; touch "$2/c"', found: "too much: c" },
  { what: "sent nothing", script: "true", found: "missing: a" },
])("transfer() believes nobody who $what", async ({ script, found }) => {
  await expect(sending(script).run()).rejects.toThrow(found);
});
