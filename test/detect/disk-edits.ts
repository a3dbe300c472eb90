import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentOf, upwards } from "../../src/detect/tree.ts";
import type { Random } from "../simulation/random.ts";

const NAMES = ["a", "b", "c", "d e", "ö", "x.tmp", "node_modules"] as const;
/** Rules that leave some of them out. */
export const EXCLUDED = ["*.tmp", "node_modules/"];

/** Does something to FOLDER; `outside` is a folder beside it. @returns what, for whoever has to understand a failure */
export function edit(folder: string, outside: string, random: Random): string {
  const path = Array.from({ length: 1 + random.below(4) }, () => random.pick(NAMES)).join("/");
  const other = Array.from({ length: 1 + random.below(3) }, () => random.pick(NAMES)).join("/");
  const [here, there] = [join(folder, path), join(folder, other)];
  const away = join(outside, "away");
  const make = random.pick([
    function write() {
      mkdirSync(join(here, ".."), { recursive: true });
      writeFileSync(here, "x".repeat(random.below(50)));
    },
    function makeFolder() {
      mkdirSync(here, { recursive: true });
    },
    function remove() {
      rmSync(here, { recursive: true, force: true });
    },
    function rename() {
      mkdirSync(join(there, ".."), { recursive: true });
      renameSync(here, there);
    },
    function moveOut() {
      rmSync(away, { recursive: true, force: true });
      renameSync(here, away);
    },
    function editOutside() {
      writeFileSync(join(away, random.pick(NAMES)), "y".repeat(random.below(50)));
    },
    function moveIn() {
      mkdirSync(join(here, ".."), { recursive: true });
      renameSync(away, here);
    },
    function replaceByFile() {
      rmSync(here, { recursive: true });
      writeFileSync(here, "file");
    },
    function replaceByFolder() {
      rmSync(here, { recursive: true });
      mkdirSync(join(here, "new"), { recursive: true });
    },
    function replaceByLink() {
      rmSync(here, { recursive: true });
      symlinkSync(outside, here);
    },
  ]);
  try {
    make();
  } catch {
    // Not everything can be done everywhere.
  }
  return `${make.name} ${path} ${other}`;
}

/** What really stands in a folder, and which file or folder it is. */
export function standing(folder: string, below = "", found = new Map<string, string>()): Map<string, string> {
  for (const name of readdirSync(join(folder, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    const { dev, ino, mtimeMs, size, ...stat } = lstatSync(join(folder, path));
    const isFolder = (stat.mode & 0o170000) === 0o040000;
    found.set(path, isFolder ? `${dev}:${ino}` : `${dev}:${ino} ${mtimeMs} ${size}`);
    if (isFolder) standing(folder, path, found);
  }
  return found;
}

/** The fewest names that tell what changed: of what came or went as a whole, only the uppermost. */
export function namesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Set<string> {
  const changed = new Set([...before.keys(), ...after.keys()].filter((path) => before.get(path) !== after.get(path)));
  const isUppermost = (path: string) => ![...upwards(parentOf(path))].some((above) => changed.has(above));
  return new Set([...changed].filter(isUppermost));
}
