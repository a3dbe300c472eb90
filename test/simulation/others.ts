import { isAtOrBelow, levelOf, type RelPath } from "../../src/detect/tree.ts";
import type { LocalTree } from "./local-tree.ts";
import { isTemporary, type ModelServer } from "./model-server.ts";
import type { Random } from "./random.ts";

/** Other people at work on the site. */
export interface Others {
  /** @returns what was done, for the story */
  edit(): string | undefined;
  /** What stands in the way of an entry of another type, and is not the mirror's, is moved away. */
  clearTheWay(): void;
}

export function createOthers(
  server: ModelServer,
  local: LocalTree,
  random: Random,
  isForeign: (path: RelPath) => boolean,
): Others {
  const { tree } = server;
  let made = 0;

  const finalPaths = () => tree.paths().filter((path) => !isTemporary(path));
  const ours = () => finalPaths().filter((path) => !tree.get(path)?.isForeign);

  function add(): string {
    const folders = ["", ...finalPaths().filter((path) => tree.hasFolder(path))];
    const folder = random.pickAny(folders) ?? "";
    const name = `foreign${++made}`;
    const path = folder === "" ? name : `${folder}/${name}`;
    const isFolder = random.chance(0.2);
    server.others("add", path, () =>
      tree.set(
        path,
        isFolder
          ? { type: "folder", isForeign: true }
          : { type: "file", bytes: Buffer.from(`of others ${made}`.padEnd(100 + made)), mtimeMs: 0, isForeign: true },
      ),
    );
    return `add ${path}`;
  }

  /** Of another size: nothing else shows in a listing. */
  function replace(): string | undefined {
    const path = random.pickAny(ours().filter((each) => tree.get(each)?.type === "file"));
    if (path === undefined) return undefined;
    const bytes = Buffer.from(`changed by others ${++made}`.padEnd(100 + made));
    server.others("replace", path, () => tree.set(path, { type: "file", bytes, mtimeMs: 0, isForeign: false }));
    return `replace ${path}`;
  }

  function remove(): string | undefined {
    const path = random.pickAny(finalPaths());
    if (path === undefined) return undefined;
    server.others("delete", path, () => tree.remove(path));
    return `delete ${path}`;
  }

  return {
    edit() {
      const kind = random.weighted({ add: 3, replace: 2, remove: 2 });
      return kind === "add" ? add() : kind === "replace" ? replace() : remove();
    },
    clearTheWay() {
      const isInTheWay = (path: RelPath) =>
        tree.get(path)?.type === "file" ? local.folders.has(path) : local.files.has(path);
      for (const path of finalPaths().sort((a, b) => levelOf(b) - levelOf(a))) {
        if (!isForeign(path) || !isInTheWay(path)) continue;
        if (finalPaths().some((each) => each !== path && isAtOrBelow(each, path) && !isForeign(each))) continue;
        server.others("delete", path, () => tree.remove(path));
      }
    },
  };
}
