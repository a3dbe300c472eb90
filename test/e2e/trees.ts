import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** By `/`-separated path: the SHA-1 of a file, `"folder"` for a folder, `"other"` for anything else. */
export type Tree = Map<string, string>;

const PIECE = new Uint8Array(1024 * 1024);

/** What a folder holds. A missing folder holds nothing; what vanishes while it is read is left out. */
export function readTree(folder: string): Tree {
  const tree: Tree = new Map();
  readInto(tree, folder, "");
  return tree;
}

function readInto(tree: Tree, folder: string, at: string): void {
  for (const name of namesIn(join(folder, at))) {
    const path = at === "" ? name : `${at}/${name}`;
    const kind = kindOf(join(folder, path));
    if (kind !== undefined) tree.set(path, kind);
    if (kind === "folder") readInto(tree, folder, path);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    return whenGone(error, []);
  }
}

function kindOf(file: string): string | undefined {
  try {
    const stat = lstatSync(file);
    if (stat.isDirectory()) return "folder";
    return stat.isFile() ? hashOf(file) : "other";
  } catch (error) {
    return whenGone(error, undefined);
  }
}

/** In pieces: a file may be larger than memory. */
function hashOf(file: string): string {
  const hash = createHash("sha1");
  const handle = openSync(file, "r");
  try {
    for (let count = readSync(handle, PIECE); count > 0; count = readSync(handle, PIECE)) {
      hash.update(PIECE.subarray(0, count));
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest("hex");
}

function whenGone<T>(error: unknown, otherwise: T): T {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return otherwise;
  throw error;
}

/** One line for each path that is not the same in both; none when they are equal. */
export function differences(wanted: Tree, found: Tree): string[] {
  const lines: string[] = [];
  for (const [path, kind] of wanted) {
    const other = found.get(path);
    if (other === undefined) lines.push(`missing: ${path}`);
    else if (other !== kind) lines.push(`different: ${path}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`too much: ${path}`);
  return lines;
}

export function countFiles(tree: Tree): number {
  return [...tree.values()].filter((kind) => kind !== "folder").length;
}
