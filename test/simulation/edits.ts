import { isAtOrBelow, levelOf, type RelPath } from "../../src/detect/tree.ts";
import { isFree, type LocalTree } from "./local-tree.ts";
import type { Random } from "./random.ts";

// "a-" sorts between "a" and "a/", "A" is "a" to some servers, and listings hide names that begin with a dot.
const NAMES = ["a", "b", "a-", "A", ".dot"] as const;
const DEEPEST = 3;
/** More than a server is asked to resume from. */
const LARGE_BYTES = 4 * 1024 * 1024 + 7;

const WEIGHTS = {
  create: 8,
  edit: 6,
  "edit, same size": 5,
  "edit once more, same size": 5,
  touch: 3,
  delete: 4,
  "rename or move": 7,
  copy: 3,
  "make a folder": 4,
  "swap file and folder": 2,
  "swap two files": 2,
  "empty FOLDER": 0.4,
};

/** Who works in FOLDER. */
export interface Editor {
  /** @returns what was done, for the story; undefined when it could not be done */
  edit(): string | undefined;
}

export function createEditor(local: LocalTree, random: Random, options: { writesLarge: boolean }): Editor {
  let versions = 0;
  let last: RelPath = "";

  /** No two versions are alike in any part, unless they are copies. */
  function content(sizeBytes: number): Uint8Array {
    const text = `${++versions} `;
    return Buffer.alloc(Math.max(sizeBytes, text.length), text);
  }

  function someSize(): number {
    if (options.writesLarge && random.chance(0.15)) return LARGE_BYTES + random.below(3);
    return random.pick([5, 6, 40, 300]);
  }

  const how = () => random.pick(["in place", "replaced"] as const);
  const isLocked = (path: RelPath) => local.hidden !== undefined && isAtOrBelow(path, local.hidden);
  const file = () => random.pickAny([...local.files.keys()].filter((path) => !isLocked(path)));
  const entry = () =>
    random.pickAny([...local.files.keys(), ...local.folders].filter((path) => !isLocked(path) && !holdsLocked(path)));
  const holdsLocked = (path: RelPath) => local.hidden !== undefined && isAtOrBelow(local.hidden, path);

  function freePath(): RelPath | undefined {
    const parents = ["", ...local.folders].filter((path) => path === "" || levelOf(path) < DEEPEST);
    const parent = random.pickAny(parents) ?? "";
    const path = parent === "" ? random.pick(NAMES) : `${parent}/${random.pick(NAMES)}`;
    return isFree(local, path) && !isLocked(path) ? path : undefined;
  }

  function write(path: RelPath, bytes: Uint8Array): void {
    local.write(path, bytes, local.files.has(path) ? how() : "replaced");
    last = path;
  }

  function carryOut(kind: keyof typeof WEIGHTS): string | undefined {
    const one = file();
    const other = file();
    const any = entry();
    const free = freePath();
    switch (kind) {
      case "create":
        if (free === undefined) return undefined;
        write(free, content(someSize()));
        return free;
      case "edit":
        if (one === undefined) return undefined;
        write(one, content(someSize()));
        return one;
      case "edit, same size":
        if (one === undefined) return undefined;
        write(one, content(local.files.get(one)?.sizeBytes ?? 0));
        return one;
      case "edit once more, same size": {
        const bytes = isLocked(last) ? undefined : local.files.get(last)?.bytes;
        if (bytes === undefined) return undefined;
        write(last, content(bytes.length));
        return last;
      }
      case "touch":
        if (one === undefined) return undefined;
        local.touch(one);
        return one;
      case "delete":
        if (any === undefined) return undefined;
        local.remove(any);
        return any;
      case "rename or move":
        if (any === undefined || free === undefined || isAtOrBelow(free, any)) return undefined;
        local.move(any, free);
        return `${any} -> ${free}`;
      case "copy": {
        const bytes = one === undefined ? undefined : local.files.get(one)?.bytes;
        if (bytes === undefined || free === undefined) return undefined;
        write(free, bytes);
        return `${one} -> ${free}`;
      }
      case "make a folder":
        if (free === undefined) return undefined;
        local.makeFolder(free);
        return free;
      case "swap file and folder": {
        if (any === undefined) return undefined;
        const wasFile = local.files.has(any);
        local.remove(any);
        if (wasFile) {
          local.makeFolder(any);
          if (random.chance(0.7)) write(`${any}/in`, content(someSize()));
        } else write(any, content(someSize()));
        return any;
      }
      case "swap two files": {
        if (one === undefined || other === undefined || one === other) return undefined;
        if (!isFree(local, "swap") || isLocked("swap")) return undefined;
        local.move(one, "swap");
        local.move(other, one);
        local.move("swap", other);
        return `${one} <-> ${other}`;
      }
      case "empty FOLDER": {
        if (local.hidden !== undefined) return undefined;
        const top = [...local.files.keys(), ...local.folders].filter((path) => levelOf(path) === 0);
        for (const path of top) local.remove(path);
        return `${top.length} entries`;
      }
      default:
        return kind satisfies never;
    }
  }

  return {
    edit() {
      if (local.hidden === "") return undefined;
      const kind = random.weighted(WEIGHTS);
      const what = carryOut(kind);
      return what === undefined ? undefined : `${kind}: ${what}`;
    },
  };
}
