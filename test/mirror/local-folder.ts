import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { levelOf } from "../../src/detect/tree.ts";
import type { Tree } from "../plan/tree-model.ts";

/** A FOLDER on the disk that can be made to hold any model tree. */
export interface LocalFolder {
  /** Real and absolute. */
  readonly path: string;
  /** Replaces everything in it. */
  become(tree: Tree): void;
  remove(): void;
}

export function createLocalFolder(): LocalFolder {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "miroir-folder-")));
  const path = join(base, "www");
  mkdirSync(path);
  return {
    path,
    become({ files, folders }) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      for (const folder of [...folders].sort((a, b) => levelOf(a) - levelOf(b))) mkdirSync(join(path, folder));
      for (const [file, { content, mtimeMs }] of files) {
        writeFileSync(join(path, file), content);
        utimesSync(join(path, file), mtimeMs / 1000, mtimeMs / 1000);
      }
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
