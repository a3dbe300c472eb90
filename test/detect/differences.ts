import { type Change, diff, findSuspects, findUnhashed, findVanished } from "../../src/detect/diff.ts";
import type { Manifest } from "../../src/detect/manifest.ts";
import { createScope, type Scope } from "../../src/detect/scope.ts";
import type { Snapshot } from "../../src/detect/tree.ts";
import { manifestOf, sha1Of, snapshotOf, type Tree } from "../plan/tree-model.ts";

export const EVERYTHING: Scope = createScope(Number.POSITIVE_INFINITY, () => false, new Set());

export interface Case {
  /** What the site is known to hold: paths of files with their content, folders by a `/` at the end. */
  was: Record<string, string>;
  now: Record<string, string>;
  unrenamable?: string[];
  racy?: string[];
  stillRacy?: boolean;
  checksum?: boolean;
  scope?: Scope;
  /** Changes what the walk found. */
  seen?(snapshot: Snapshot): void;
}

/** `content` or `content@mtimeMs`. Every folder on the way is there as well. */
export function treeOf(entries: Record<string, string>): Tree {
  const tree: Tree = { files: new Map(), folders: new Set() };
  for (const [path, text] of Object.entries(entries)) {
    const parts = path.replace(/\/$/, "").split("/");
    const depth = path.endsWith("/") ? parts.length : parts.length - 1;
    for (let level = 1; level <= depth; level++) tree.folders.add(parts.slice(0, level).join("/"));
    const [content = "", mtimeMs = "1000000"] = text.split("@");
    if (!path.endsWith("/")) tree.files.set(path, { content, mtimeMs: Number(mtimeMs) });
  }
  return tree;
}

/** The whole detection, as a pass does it; `hashed` are the files that had to be read. */
export function detect(given: Case): { changes: Change[]; hashed: string[]; manifest: Manifest; snapshot: Snapshot } {
  const { racy = [], stillRacy = false, checksum = false, scope = EVERYTHING, unrenamable = [] } = given;
  const manifest = manifestOf(treeOf(given.was), new Set(racy));
  const local = treeOf(given.now);
  const snapshot = snapshotOf(local);
  given.seen?.(snapshot);
  const among = findSuspects(manifest, snapshot, { checksum });
  const vanished = findVanished(manifest, snapshot, scope, among);
  const hashed = findUnhashed(manifest, snapshot, vanished, { checksum, among });
  const hashes = new Map(hashed.map((path) => [path, sha1Of(local.files.get(path)?.content ?? "")]));
  const options = { isRacy: () => stillRacy, unrenamable: new Set(unrenamable), among };
  return { changes: diff(manifest, snapshot, vanished, hashes, options), hashed, manifest, snapshot };
}

/** One change as a word and its paths. */
export function shownChange(change: Change): string {
  return "from" in change ? `${change.kind} ${change.from} -> ${change.path}` : `${change.kind} ${change.path}`;
}

export function changesOf(given: Case): string[] {
  return detect(given).changes.map(shownChange).sort();
}
