import { EMPTY_TREE, readTree, type Tree } from "./trees.ts";

/** Every whole version that ever stood under each name of FOLDER. */
export interface History {
  /** Takes in what FOLDER holds now. To be called after every edit and before every run. */
  remember(): void;
  /** Whether this content ever stood, whole, under this name. */
  had(path: string, sha1: string): boolean;
  /** Whether a file or folder of this name was ever there. */
  isKnown(path: string): boolean;
  /** FOLDER as it was last remembered. */
  readonly now: Tree;
}

export function createHistory(folder: string): History {
  const versions = new Map<string, Set<string>>();
  const folders = new Set<string>();
  let now: Tree = EMPTY_TREE;
  return {
    remember() {
      now = readTree(folder);
      for (const path of now.folders) folders.add(path);
      for (const [path, { sha1 }] of now.files) {
        const known = versions.get(path);
        if (known) known.add(sha1);
        else versions.set(path, new Set([sha1]));
      }
    },
    had: (path, sha1) => versions.get(path)?.has(sha1) ?? false,
    isKnown: (path) => versions.has(path) || folders.has(path),
    get now() {
      return now;
    },
  };
}
