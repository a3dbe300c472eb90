import fc from "fast-check";
import type { Manifest, ManifestEntry } from "../../src/detect/manifest.ts";
import { isAtOrBelow, nameOf, parentOf, type RelPath, type Snapshot } from "../../src/detect/tree.ts";

/** A file as the model knows it: its bytes stand for their own SHA-1. */
export interface ModelFile {
  content: string;
  mtimeMs: number;
}

/** A folder with everything in it; every folder above an entry is in `folders`. */
export interface Tree {
  files: Map<RelPath, ModelFile>;
  folders: Set<RelPath>;
}

export function emptyTree(): Tree {
  return { files: new Map(), folders: new Set() };
}

export function copyOf(tree: Tree): Tree {
  return {
    files: new Map([...tree.files].map(([path, file]) => [path, { ...file }])),
    folders: new Set(tree.folders),
  };
}

export function pathsOf(tree: Tree): RelPath[] {
  return [...tree.files.keys(), ...tree.folders].sort();
}

/** Removes the entry and all below it. */
export function removeAt(tree: Tree, path: RelPath): void {
  for (const each of [...tree.files.keys()]) if (isAtOrBelow(each, path)) tree.files.delete(each);
  for (const each of [...tree.folders]) if (isAtOrBelow(each, path)) tree.folders.delete(each);
}

export const sha1Of = (content: string) => `sha1:${content}`;

export function entryOf({ content, mtimeMs }: ModelFile): ManifestEntry {
  return { mtimeMs, sizeBytes: content.length, sha1: sha1Of(content) };
}

/** @param racy files whose recorded mtime a later edit may bear as well */
export function manifestOf(tree: Tree, racy: ReadonlySet<RelPath> = new Set()): Manifest {
  const files = new Map<RelPath, ManifestEntry>();
  for (const [path, file] of tree.files) {
    files.set(path, { ...entryOf(file), ...(racy.has(path) && { racy: true as const }) });
  }
  return { files, folders: new Set(tree.folders) };
}

export function snapshotOf(tree: Tree): Snapshot {
  const files = new Map(
    [...tree.files].map(([path, { content, mtimeMs }]) => [path, { mtimeMs, sizeBytes: content.length }]),
  );
  return { files, folders: new Set(tree.folders), problems: [], skipped: new Map() };
}

/** Everything in a form that `toEqual` shows well. */
export function shown(tree: Tree): Record<string, string> {
  const entries = [...tree.folders].map((path): [string, string] => [`${path}/`, "folder"]);
  for (const [path, { content, mtimeMs }] of tree.files) entries.push([path, `${content}@${mtimeMs}`]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A step of a person at work, on entries picked by number. */
interface Edit {
  kind: "move" | "swap" | "copy" | "remove" | "write" | "date" | "folder" | "file";
  one: number;
  other: number;
  name: string;
  content: string;
  mtimeMs: number;
}

// "a-" sorts between "a" and "a/": where prefixes are taken for folders, or names for paths, it shows. "A" is "a" to some.
const name = fc.constantFrom("a", "b", "a-", "A");
const content = fc.constantFrom("", "x", "y", "zz", "ww", "long", "short", "longer");
const mtimeMs = fc.constantFrom(1_000_000, 2_000_000);

type Nested = ModelFile | { entries: [string, Nested][] };

const nested = fc.letrec<{ entry: Nested; folder: Nested; file: ModelFile }>((tie) => ({
  entry: fc.oneof({ maxDepth: 3, depthSize: "small" }, tie("file"), tie("folder")),
  file: fc.record({ content, mtimeMs }),
  folder: fc.record({
    entries: fc.uniqueArray(fc.tuple(name, tie("entry")), { minLength: 1, maxLength: 3, selector: ([key]) => key }),
  }),
}));

function flatten(at: RelPath, node: Nested, tree: Tree): Tree {
  if (!("entries" in node)) tree.files.set(at, node);
  else {
    if (at !== "") tree.folders.add(at);
    for (const [key, child] of node.entries) flatten(at === "" ? key : `${at}/${key}`, child, tree);
  }
  return tree;
}

export const anyTree: fc.Arbitrary<Tree> = nested.folder.map((node) => flatten("", node, emptyTree()));

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("move", "move", "move", "swap", "copy", "remove", "write", "date", "folder", "file"),
  one: fc.nat(50),
  other: fc.nat(50),
  name,
  content,
  mtimeMs,
});

/** Two states of one folder: mostly the second is the first after some work, sometimes another tree altogether. */
export const treePair: fc.Arbitrary<{ before: Tree; after: Tree }> = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(anyTree, fc.array(edit, { minLength: 1, maxLength: 6 })) },
    { weight: 1, arbitrary: fc.tuple(anyTree, anyTree) },
  )
  .map(([before, work]) => ({
    before,
    after: detectable(before, Array.isArray(work) ? afterWork(before, work) : work),
  }));

/** The state after further work. */
export const moreWork = fc.array(edit, { maxLength: 4 });

export function afterWork(before: Tree, edits: readonly Edit[]): Tree {
  const tree = copyOf(before);
  for (const each of edits) carryOut(each, tree);
  return tree;
}

function carryOut({ kind, one, other, name, content, mtimeMs }: Edit, tree: Tree): void {
  const paths = pathsOf(tree);
  const folders = ["", ...tree.folders].sort();
  const from = paths[one % Math.max(1, paths.length)];
  const folder = folders[other % folders.length] ?? "";
  const to = folder === "" ? name : `${folder}/${name}`;
  switch (kind) {
    case "folder":
      if (!tree.files.has(to)) tree.folders.add(to);
      return;
    case "file":
      removeAt(tree, to);
      tree.files.set(to, { content, mtimeMs });
      return;
  }
  if (from === undefined) return;
  const file = tree.files.get(from);
  switch (kind) {
    case "write":
      if (file) tree.files.set(from, { content, mtimeMs });
      return;
    case "date":
      if (file) tree.files.set(from, { ...file, mtimeMs });
      return;
    case "remove":
      removeAt(tree, from);
      return;
    case "move":
      move(tree, from, to);
      return;
    case "copy": {
      if (isAtOrBelow(from, to) || isAtOrBelow(to, from)) return;
      const kept = below(tree, from);
      move(tree, from, to);
      put(tree, from, kept);
      return;
    }
    case "swap": {
      const second = paths[other % paths.length];
      if (second === undefined || isAtOrBelow(from, second) || isAtOrBelow(second, from)) return;
      const kept = below(tree, second);
      move(tree, from, second);
      put(tree, from, kept);
      return;
    }
  }
}

function below(tree: Tree, path: RelPath): Tree {
  const part = emptyTree();
  for (const [each, file] of tree.files) if (isAtOrBelow(each, path)) part.files.set(each.slice(path.length), file);
  for (const each of tree.folders) if (isAtOrBelow(each, path)) part.folders.add(each.slice(path.length));
  return part;
}

function put(tree: Tree, path: RelPath, part: Tree): void {
  for (const [tail, file] of part.files) tree.files.set(path + tail, { ...file });
  for (const tail of part.folders) tree.folders.add(path + tail);
}

function move(tree: Tree, from: RelPath, to: RelPath): void {
  if (isAtOrBelow(to, from) || isAtOrBelow(from, to)) return;
  const part = below(tree, from);
  removeAt(tree, from);
  removeAt(tree, to);
  put(tree, to, part);
}

/** No tool tells a new content from the old one by size and time when both are the same: such edits get another time. */
export function detectable(before: Tree, after: Tree): Tree {
  const whole = copyOf(after);
  for (const [path, now] of after.files) {
    const was = before.files.get(path);
    if (!was || was.content === now.content || was.content.length !== now.content.length) continue;
    if (was.mtimeMs === now.mtimeMs) whole.files.set(path, { ...now, mtimeMs: 3_000_000 });
  }
  return whole;
}

/** Whether every entry stands in a folder that is there. */
export function isWhole(tree: Tree): boolean {
  return pathsOf(tree).every(
    (path) => nameOf(path) !== "" && (parentOf(path) === "" || tree.folders.has(parentOf(path))),
  );
}
