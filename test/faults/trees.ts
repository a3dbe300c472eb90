import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../servers/embedded-visitor.ts";

export interface TreeFile {
  sizeBytes: number;
  sha1: string;
  mtimeMs: number;
}

/** A folder's files and sub-folders by `/`-separated relative path. */
export interface Tree {
  files: Map<string, TreeFile>;
  folders: Set<string>;
}

/** Reads a folder of the local disk; what is neither file nor folder is left out. */
export function readTree(root: string): Tree {
  const tree: Tree = { files: new Map(), folders: new Set() };
  readInto(tree, root, "");
  return tree;
}

function readInto(tree: Tree, root: string, at: string): void {
  for (const { name } of readdirSync(join(root, at), { withFileTypes: true })) {
    const path = at === "" ? name : `${at}/${name}`;
    const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      tree.folders.add(path);
      readInto(tree, root, path);
    } else if (stat?.isFile()) {
      tree.files.set(path, { ...contentOf(join(root, path)), mtimeMs: stat.mtimeMs });
    }
  }
}

/** What stands below `folder`, by paths relative to it. */
export function below(tree: Tree, folder: string): Tree {
  const prefix = `${folder}/`;
  const inside = (path: string) => path.startsWith(prefix);
  return {
    files: new Map(
      [...tree.files].flatMap(([path, file]) => (inside(path) ? [[path.slice(prefix.length), file]] : [])),
    ),
    folders: new Set([...tree.folders].filter(inside).map((path) => path.slice(prefix.length))),
  };
}

export function isTemporary(path: string): boolean {
  return path.split("/").some((name) => name.startsWith(".miroir-"));
}

export const EMPTY_TREE: Tree = { files: new Map(), folders: new Set() };
