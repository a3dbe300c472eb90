import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { write } from "./scenes.ts";
import { readTree } from "./trees.ts";

/** Mulberry32: the same seed gives the same run. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Somebody at work in a folder: every call makes one change of a random kind. `keep.txt` is left alone. */
export function createEditor(folder: string, random: (below: number) => number): () => void {
  const trash: { path: string; content: Uint8Array; seconds: number }[] = [];
  let seconds = 1_710_000_000;
  let count = 0;

  const paths = (kind: "files" | "folders") => {
    const tree = readTree(folder);
    return [...(kind === "files" ? tree.files.keys() : tree.folders)].filter((path) => path !== "keep.txt").sort();
  };
  const pick = <T>(list: readonly T[]): T | undefined => list[random(list.length)];
  const fresh = (stem: string) => {
    const above = pick(["", ...paths("folders").filter((path) => path.split("/").length < 4)]) ?? "";
    return `${above === "" ? "" : `${above}/`}${stem} ${++count}`;
  };
  const put = (path: string, sizeBytes: number) => {
    write(folder, path, Buffer.alloc(sizeBytes, `${path} ${++count} `), ++seconds);
  };
  const keep = (path: string) => {
    const file = join(folder, path);
    trash.push({ path, content: readFileSync(file), seconds: statSync(file).mtimeMs / 1000 });
  };
  const onFile = (edit: (path: string) => void) => () => {
    const path = pick(paths("files"));
    if (path !== undefined) edit(path);
  };
  const onFolder = (edit: (path: string) => void) => () => {
    const path = pick(paths("folders"));
    if (path !== undefined) edit(path);
  };

  const kinds: (() => void)[] = [
    () => put(fresh("file"), 1 + random(3000)),
    () => put(fresh("big"), 100_000 + random(400_000)),
    () => mkdirSync(join(folder, fresh("folder"))),
    onFile((path) => {
      keep(path);
      put(path, 1 + random(3000));
    }),
    onFile((path) => {
      keep(path);
      put(path, statSync(join(folder, path)).size);
    }),
    onFile((path) => write(folder, path, readFileSync(join(folder, path)), ++seconds)),
    onFile((path) => renameSync(join(folder, path), join(folder, fresh("renamed")))),
    onFile((path) => {
      keep(path);
      rmSync(join(folder, path));
    }),
    onFile((path) => {
      rmSync(join(folder, path));
      put(`${path}/inside`, 1 + random(500));
    }),
    onFolder((path) => renameSync(join(folder, path), join(folder, `moved ${++count}`))),
    onFolder((path) => {
      rmSync(join(folder, path), { recursive: true });
      if (random(2) === 0) put(path, 1 + random(500));
    }),
    // What somebody takes back has its old time again.
    () => {
      const old = trash.splice(random(trash.length), 1)[0];
      const above = old?.path.split("/").slice(0, -1).join("/") ?? "";
      const isFree = old && existsSync(join(folder, above)) && statSync(join(folder, above)).isDirectory();
      if (isFree && !paths("folders").includes(old.path)) write(folder, old.path, old.content, old.seconds);
    },
  ];
  return () => pick(kinds)?.();
}
