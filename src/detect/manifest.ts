import { createRecordedFiles, type Files } from "./file-table.ts";
import { isAtOrBelow, type RelPath } from "./tree.ts";

/** What the site is known to hold of one file. */
export interface ManifestEntry {
  /** The local mtime that was read with the content, in milliseconds since the epoch. */
  mtimeMs: number;
  sizeBytes: number;
  /** Of the bytes sent, in lower-case hexadecimal. */
  sha1: string;
  /** The mtime was so near to the reading that a later edit could bear the same one: hash before believing it. */
  racy?: true;
  /** The server did not take the mtime: its own time says nothing about this file. */
  undated?: true;
}

/** No server's time for a file is that one. */
export const UNKNOWN_MTIME_MS = 0;

/** Whether the time of the entry is one that was set on the site, and taken there. */
export function isDated(entry: ManifestEntry | undefined): entry is ManifestEntry {
  return entry !== undefined && !entry.undated && entry.mtimeMs !== UNKNOWN_MTIME_MS;
}

export interface Manifest {
  files: Files<ManifestEntry>;
  folders: Set<RelPath>;
}

/** Several commands are about to leave something half done: what to look for after a crash. */
export interface Intent {
  id: string;
  path: RelPath;
  /** The temporary name the new content arrives under. */
  temporary: RelPath;
  /** The temporary name the old content is set aside under, where the server cannot rename over a file. */
  aside?: RelPath;
  /** The local file the upload was begun with: what tells the upload on the server, and whether it can be resumed. */
  begun?: { sizeBytes: number; mtimeMs: number; racy?: true };
  /** The server took the mtime: its time for the file can be believed. */
  dated?: true;
  /** Of the bytes sent, once the rename into place is asked for: from then on the file may stand under its name. */
  sha1?: string;
}

/** One thing asked of the server, by the path that its end is recorded under. */
export interface Step {
  op: (typeof STEPS)[number];
  path: RelPath;
  /** Of a rename. */
  from?: RelPath;
}

/** One line of the journal. Replaying the lines of one journal over its manifest gives the present manifest. */
export type JournalRecord =
  | { op: "put"; path: RelPath; entry: ManifestEntry; settles?: string }
  | { op: "drop"; path: RelPath }
  | { op: "folder"; path: RelPath }
  | { op: "unfolder"; path: RelPath }
  | { op: "move"; from: RelPath; to: RelPath }
  /** Steps are about to be asked for. Until a line of their path follows, they may have happened or not. */
  | { op: "begin"; steps: Step[] }
  /** A step was refused, or it was found out what became of it: another one of its path may still be open. */
  | { op: "end"; path: RelPath; step: Step["op"] }
  | { op: "intend"; intent: Intent }
  | { op: "settle"; id: string };

/** The intents that are not settled. */
export interface OpenIntents {
  readonly byId: ReadonlyMap<string, Intent>;
  /** The oldest one of a path. */
  at(path: RelPath): Intent | undefined;
  /** A renamed folder takes along what stands in it. */
  follow(record: JournalRecord): void;
}

export function createOpenIntents(): OpenIntents {
  const byId = new Map<string, Intent>();
  const byPath = new Map<RelPath, Intent[]>();

  function close(id: string): void {
    const closed = byId.get(id);
    if (!closed) return;
    byId.delete(id);
    const others = (byPath.get(closed.path) ?? []).filter((intent) => intent.id !== id);
    if (others.length > 0) byPath.set(closed.path, others);
    else byPath.delete(closed.path);
  }

  function open(intent: Intent): void {
    const known = byId.get(intent.id);
    // One that is noted again keeps its age.
    if (known?.path === intent.path) {
      const noted = byPath.get(intent.path)?.map((each) => (each === known ? intent : each));
      byPath.set(intent.path, noted ?? [intent]);
    } else {
      close(intent.id);
      byPath.set(intent.path, [...(byPath.get(intent.path) ?? []), intent]);
    }
    byId.set(intent.id, intent);
  }

  return {
    byId,
    at: (path) => byPath.get(path)?.[0],
    follow(record) {
      switch (record.op) {
        case "intend":
          return open(record.intent);
        case "settle":
          return close(record.id);
        case "put":
          if (record.settles === undefined) return;
          close(record.settles);
          for (const intent of byPath.get(record.path) ?? []) open(withoutContent(intent));
          return;
        case "move": {
          const all = [...byId.values()];
          byId.clear();
          byPath.clear();
          for (const intent of all) open(movedIntent(intent, record.from, record.to));
          return;
        }
      }
    },
  };
}

/** An upload since was confirmed: what an earlier one sent stands at most under its temporary names. */
function withoutContent({ id, path, temporary, aside }: Intent): Intent {
  return { id, path, temporary, ...(aside !== undefined && { aside }) };
}

function movedIntent(intent: Intent, from: RelPath, to: RelPath): Intent {
  const moved = (path: RelPath) => (isAtOrBelow(path, from) ? to + path.slice(from.length) : path);
  if (moved(intent.temporary) === intent.temporary) return intent;
  const { path, temporary, aside } = intent;
  return {
    ...intent,
    path: moved(path),
    temporary: moved(temporary),
    ...(aside !== undefined && { aside: moved(aside) }),
  };
}

/** `upload`: one that writes onto the file itself. Under a temporary name it is an intent. */
export const STEPS = ["mkdir", "rename", "touch", "delete", "rmdir", "upload"] as const;

/** Several steps of one path may be open at once: what blocks it is deleted, and a folder made. */
export function keyOf({ op, path }: Step): string {
  return `${op} ${path}`;
}

/** Keeps `open` to the steps whose end is not known, by `keyOf`. */
export function followSteps(open: Map<string, Step>, record: JournalRecord): void {
  // What is known to stand at a path answers every question about it.
  const answered = (path: RelPath) => {
    if (open.size === 0) return;
    for (const op of STEPS) open.delete(keyOf({ op, path }));
  };
  switch (record.op) {
    case "begin":
      for (const step of record.steps) open.set(keyOf(step), step);
      return;
    case "put":
    case "drop":
    case "folder":
    case "unfolder":
      answered(record.path);
      return;
    case "end":
      open.delete(keyOf({ op: record.step, path: record.path }));
      return;
    case "move":
      answered(record.to);
      return;
    case "intend":
    case "settle":
      return;
    default:
      record satisfies never;
  }
}

export function emptyManifest(): Manifest {
  return { files: createRecordedFiles(), folders: new Set() };
}

/** Applies one confirmed record to `manifest`, in place. `move` carries a folder with all below it. */
export function applyRecord(manifest: Manifest, record: JournalRecord): void {
  switch (record.op) {
    case "put":
      manifest.files.set(record.path, record.entry);
      manifest.folders.delete(record.path);
      return;
    case "drop":
      manifest.files.delete(record.path);
      return;
    case "folder":
      manifest.folders.add(record.path);
      manifest.files.delete(record.path);
      return;
    case "unfolder":
      manifest.folders.delete(record.path);
      return;
    case "move":
      move(manifest, record.from, record.to);
      return;
    case "begin":
    case "end":
    case "intend":
    case "settle":
      return;
    default:
      record satisfies never;
  }
}

function move(manifest: Manifest, from: RelPath, to: RelPath): void {
  const file = manifest.files.get(from);
  if (file) {
    manifest.files.delete(from);
    manifest.files.set(to, file);
    return;
  }
  const moved = (path: RelPath) => to + path.slice(from.length);
  for (const path of [...manifest.files.keys()].filter((each) => isAtOrBelow(each, from))) {
    const entry = manifest.files.get(path);
    manifest.files.delete(path);
    if (entry) manifest.files.set(moved(path), entry);
  }
  for (const path of [...manifest.folders]) {
    if (!isAtOrBelow(path, from)) continue;
    manifest.folders.delete(path);
    manifest.folders.add(moved(path));
  }
}
