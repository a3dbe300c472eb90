import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRules } from "../../src/detect/ignore.ts";
import type { ScanOptions } from "../../src/detect/scan.ts";
import { createScope } from "../../src/detect/scope.ts";
import type { Snapshot } from "../../src/detect/tree.ts";
import { createLocalFolder } from "../mirror/local-folder.ts";

/** A FOLDER to be walked. */
export interface Walk {
  /** Real and absolute. */
  readonly path: string;
  at(path: string): string;
  /** Files that hold their own path; a name that ends in `/` is a folder. */
  fill(paths: readonly string[]): void;
  remove(): void;
}

export function createWalk(): Walk {
  const local = createLocalFolder();
  const at = (path: string) => join(local.path, path);
  return {
    path: local.path,
    at,
    fill(paths) {
      for (const path of paths) {
        if (path.endsWith("/")) mkdirSync(at(path), { recursive: true });
        else {
          mkdirSync(join(at(path), ".."), { recursive: true });
          writeFileSync(at(path), path);
        }
      }
    },
    remove: local.remove,
  };
}

export function scanOptions(
  fields: Partial<ScanOptions> & { depth?: number; rules?: string[]; own?: string[] } = {},
): ScanOptions {
  const { depth = 6, rules = [], own = [], ...rest } = fields;
  const scope = createScope(depth, createRules(rules), new Set(own));
  return { scope, follow: false, nameForSite: (name) => name, ...rest };
}

/** `path: what`, with folders ending in `/`. */
export function shownSnapshot({ files, folders, problems, skipped }: Snapshot): Record<string, string | number> {
  return Object.fromEntries([
    ...[...files].map(([path, { sizeBytes }]): [string, number] => [path, sizeBytes]),
    ...[...folders].map((path): [string, string] => [`${path}/`, "folder"]),
    ...problems.map(({ path, reason }): [string, string] => [path, `problem ${reason}`]),
    ...[...skipped.values()].map(({ path, isFolder, reason, told }): [string, string] => [
      path + (isFolder ? "/" : ""),
      `skip ${reason}${told ? ", told" : ""}`,
    ]),
  ]);
}
