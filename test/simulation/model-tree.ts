import { isAtOrBelow, nameOf, parentOf, type RelPath } from "../../src/detect/tree.ts";

/** What stands on the model server. An entry keeps its identity when it is renamed. */
export type Entry = RemoteFile | RemoteFolder;

export interface RemoteFile {
  type: "file";
  bytes: Uint8Array;
  mtimeMs: number;
  /** Not of the mirror: put there by others. */
  isForeign: boolean;
}

export interface RemoteFolder {
  type: "folder";
  isForeign: boolean;
}

/** What one step changed at one path. */
export interface Change {
  path: RelPath;
  before: Entry | undefined;
  after: Entry | undefined;
}

/** The remote folder; `""` is the folder itself, which is always there. */
export interface ModelTree {
  get(path: RelPath): Entry | undefined;
  paths(): RelPath[];
  /** Names right in a folder, in the order in which they came. */
  names(folder: RelPath): string[];
  hasFolder(path: RelPath): boolean;
  isEmpty(folder: RelPath): boolean;
  set(path: RelPath, entry: Entry): Change[];
  /** With all below it. */
  remove(path: RelPath): Change[];
  /** With all below it, over a file that stands there. */
  rename(from: RelPath, to: RelPath): Change[];
}

export function createModelTree(): ModelTree {
  const entries = new Map<RelPath, Entry>();
  const root: RemoteFolder = { type: "folder", isForeign: true };

  const below = (path: RelPath) => [...entries].filter(([each]) => isAtOrBelow(each, path));

  function remove(path: RelPath): Change[] {
    const gone = below(path);
    for (const [each] of gone) entries.delete(each);
    return gone.map(([each, before]) => ({ path: each, before, after: undefined }));
  }

  function set(path: RelPath, entry: Entry): Change[] {
    const before = entries.get(path);
    entries.set(path, entry);
    return [{ path, before, after: entry }];
  }

  return {
    get: (path) => (path === "" ? root : entries.get(path)),
    paths: () => [...entries.keys()],
    names: (folder) => [...entries.keys()].filter((path) => parentOf(path) === folder).map(nameOf),
    hasFolder: (path) => path === "" || entries.get(path)?.type === "folder",
    isEmpty: (folder) => below(folder).every(([path]) => path === folder),
    set,
    remove,
    rename(from, to) {
      const moved = below(from);
      const changes = remove(from);
      for (const [path, entry] of moved) changes.push(...set(to + path.slice(from.length), entry));
      return changes;
    },
  };
}
