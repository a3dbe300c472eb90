import type { Change, Hashes, Vanished } from "./diff.ts";
import type { Manifest } from "./manifest.ts";
import {
  compareText,
  foldedName,
  isAtOrBelow,
  nameOf,
  parentOf,
  type RelPath,
  type Snapshot,
  upwards,
} from "./tree.ts";

interface Question {
  manifest: Manifest;
  snapshot: Snapshot;
  vanished: Vanished;
  /** New files and folders. */
  added: readonly RelPath[];
  addedFolders: readonly RelPath[];
  hashes: Hashes;
  unrenamable: ReadonlySet<RelPath>;
}

interface Renames {
  changes: Change[];
  /** New paths that a rename accounts for. */
  taken: Set<RelPath>;
  /** Old paths that a rename accounts for. */
  gone: Set<RelPath>;
}

/**
 * Pairs what vanished with what is new, by content: whole folders first, then single files.
 * Empty files never pair: they are all alike.
 */
export function pairRenames(question: Question): Renames {
  const renames: Renames = { changes: [], taken: new Set(), gone: new Set() };
  if (question.vanished.files.length === 0 || question.added.length === 0) return renames;
  const addedByContent = groupByContent(question);
  pairFolders(question, addedByContent, renames);
  pairFiles(question, addedByContent, renames);
  pairRecased(question, renames);
  return renames;
}

const contentKey = (sizeBytes: number, sha1: string) => `${sizeBytes}:${sha1}`;

function groupByContent({ added, snapshot, hashes }: Question): Map<string, RelPath[]> {
  const groups = new Map<string, RelPath[]>();
  for (const path of added) {
    const sha1 = hashes.get(path);
    const sizeBytes = snapshot.files.get(path)?.sizeBytes ?? 0;
    if (sha1 === undefined || sizeBytes === 0) continue;
    const key = contentKey(sizeBytes, sha1);
    const group = groups.get(key);
    if (group) group.push(path);
    else groups.set(key, [path]);
  }
  return groups;
}

/** A folder whose whole content stands, the same, in one new folder is that folder, renamed. Outermost first. */
function pairFolders(question: Question, addedByContent: Map<string, RelPath[]>, renames: Renames): void {
  const { manifest, snapshot, vanished, unrenamable } = question;
  const newFolders = new Set(question.addedFolders);
  const contents = contentsOf(vanished);
  for (const from of [...vanished.folders].sort()) {
    if (renames.gone.has(from) || unrenamable.has(from) || isReplaced(from, snapshot)) continue;
    const { files, folders } = contents.get(from) ?? { files: [], folders: [] };
    const landmark = files.find((path) => (manifest.files.get(path)?.sizeBytes ?? 0) > 0);
    const was = landmark === undefined ? undefined : manifest.files.get(landmark);
    if (landmark === undefined || was === undefined) continue;
    const tail = landmark.slice(from.length);
    for (const candidate of addedByContent.get(contentKey(was.sizeBytes, was.sha1)) ?? []) {
      if (!candidate.endsWith(tail)) continue;
      const to = candidate.slice(0, -tail.length);
      if (!newFolders.has(to) || renames.taken.has(to) || isAtOrBelow(to, from)) continue;
      const moved = (path: RelPath) => to + path.slice(from.length);
      const isWhole =
        files.every((path) => isSameFile(question, path, moved(path)) && !renames.taken.has(moved(path))) &&
        folders.every((path) => newFolders.has(moved(path)) && !renames.taken.has(moved(path)));
      if (!isWhole) continue;
      renames.changes.push({ kind: "folder-renamed", from, path: to });
      for (const path of [from, ...files, ...folders]) {
        renames.gone.add(path);
        renames.taken.add(moved(path));
      }
      for (const path of files) touchMoved(question, path, moved(path), renames);
      break;
    }
  }
}

/** Whether a file stands where the folder, or one above it, stood: it has to be cleared away before anything else. */
function isReplaced(folder: RelPath, snapshot: Snapshot): boolean {
  for (const above of upwards(folder)) if (snapshot.files.has(above)) return true;
  return false;
}

/** All that vanished below each vanished folder. */
function contentsOf(vanished: Vanished): Map<RelPath, { files: RelPath[]; folders: RelPath[] }> {
  const contents = new Map<RelPath, { files: RelPath[]; folders: RelPath[] }>();
  for (const path of vanished.folders) contents.set(path, { files: [], folders: [] });
  for (const kind of ["files", "folders"] as const) {
    for (const path of vanished[kind]) {
      for (let above = parentOf(path); above !== ""; above = parentOf(above)) contents.get(above)?.[kind].push(path);
    }
  }
  return contents;
}

function isSameFile({ manifest, snapshot, hashes }: Question, from: RelPath, to: RelPath): boolean {
  const was = manifest.files.get(from);
  const now = snapshot.files.get(to);
  if (!was || !now || was.sizeBytes !== now.sizeBytes || manifest.files.has(to)) return false;
  return hashes.get(to) === was.sha1;
}

/** A file that moved along with its folder and was dated anew keeps its content, not its time. */
function touchMoved({ manifest, snapshot }: Question, from: RelPath, to: RelPath, renames: Renames): void {
  const was = manifest.files.get(from);
  const entry = snapshot.files.get(to);
  if (!was || !entry || was.mtimeMs === entry.mtimeMs) return;
  renames.changes.push({ kind: "file-touched", path: to, entry, sha1: was.sha1 });
}

/** The rest, file by file; where several have the same content the nearest names pair. */
function pairFiles(question: Question, addedByContent: Map<string, RelPath[]>, renames: Renames): void {
  const { manifest, snapshot, vanished, unrenamable } = question;
  const pairs: Array<{ from: RelPath; to: RelPath; nearness: number }> = [];
  for (const from of vanished.files) {
    const was = manifest.files.get(from);
    if (!was || renames.gone.has(from) || unrenamable.has(from)) continue;
    const candidates = addedByContent.get(contentKey(was.sizeBytes, was.sha1)) ?? [];
    // Many copies of one content: comparing each with each would take for ever, and uploads are right as well.
    if (candidates.length > 100 && pairs.length > 10_000) continue;
    for (const to of candidates) if (!renames.taken.has(to)) pairs.push({ from, to, nearness: nearness(from, to) });
  }
  pairs.sort((a, b) => b.nearness - a.nearness || compareText(a.from, b.from) || compareText(a.to, b.to));
  for (const { from, to } of pairs) {
    const was = manifest.files.get(from);
    const entry = snapshot.files.get(to);
    if (!was || !entry || renames.gone.has(from) || renames.taken.has(to)) continue;
    renames.gone.add(from);
    renames.taken.add(to);
    renames.changes.push({ kind: "file-renamed", from, path: to, entry, sha1: was.sha1, was });
  }
}

/**
 * A file that vanished and a new one whose name is the same but for letter case: on many servers they are one file, and
 * to upload the one and delete the other would leave nothing.
 */
function pairRecased({ manifest, snapshot, vanished, added, unrenamable }: Question, renames: Renames): void {
  const newByFold = new Map<string, RelPath>();
  for (const path of added) if (!renames.taken.has(path)) newByFold.set(foldedName(path), path);
  for (const from of vanished.files) {
    const path = newByFold.get(foldedName(from));
    const was = manifest.files.get(from);
    const entry = path === undefined ? undefined : snapshot.files.get(path);
    if (path === undefined || !was || !entry || renames.gone.has(from) || unrenamable.has(from)) continue;
    newByFold.delete(foldedName(from));
    renames.gone.add(from);
    renames.taken.add(path);
    renames.changes.push({ kind: "file-recased", from, path, entry, was });
  }
}

function nearness(from: RelPath, to: RelPath): number {
  return (nameOf(from) === nameOf(to) ? 2 : 0) + (parentOf(from) === parentOf(to) ? 1 : 0);
}
