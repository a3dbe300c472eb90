import type { Change } from "../detect/diff.ts";
import type { ManifestEntry } from "../detect/manifest.ts";
import { compareText, type FileEntry, isAtOrBelow, levelOf, type RelPath, upwards } from "../detect/tree.ts";
import { applyGuards, type Guarded, type Policy } from "./guards.ts";

/** One step of a plan. */
export type Action =
  | { op: "mkdir"; path: RelPath }
  | { op: "rename"; from: RelPath; path: RelPath; isFolder: boolean; sizeBytes?: number; entry?: ManifestEntry }
  | { op: "upload"; path: RelPath; entry: FileEntry; why: "new" | "changed" }
  | { op: "touch"; path: RelPath; entry: ManifestEntry }
  | { op: "delete"; path: RelPath }
  | { op: "rmdir"; path: RelPath }
  /** Nothing to do on the site: only the manifest learns. */
  | { op: "note"; path: RelPath; entry: ManifestEntry };

/**
 * The steps from what the site holds to what is here, stage by stage. Deletions come last, but for those that stand in
 * the way: an interrupted plan leaves too much, never too little.
 */
export interface Plan {
  /** Files and folders that stand where something of the other kind belongs. */
  clear: Action[];
  /** New folders and folder renames, parents first. */
  structure: Action[];
  renames: Action[];
  uploads: Action[];
  touches: Action[];
  deletes: Action[];
  notes: Action[];
  /** Deletions that wait for approval. */
  parked: RelPath[];
  parkedBecause: Guarded["because"];
  /** New entries that cannot arrive because what stands in their place may not be deleted. */
  blocked: RelPath[];
}

export type { Policy } from "./guards.ts";

/** Orders the changes into stages and applies the guards against mass deletion. */
export function plan(changes: readonly Change[], policy: Policy): Plan {
  const settled = withoutTangledRenames(changes);
  const swaps = swappedPaths(settled);
  const isCleared = (path: RelPath) => swaps.size > 0 && upwards(path).some((at) => swaps.has(at));
  const stages: Omit<Plan, "parked" | "parkedBecause" | "blocked"> = {
    clear: [],
    structure: [],
    renames: [],
    uploads: [],
    touches: [],
    deletes: [],
    notes: [],
  };
  for (const change of settled) {
    switch (change.kind) {
      case "folder-added":
        stages.structure.push({ op: "mkdir", path: change.path });
        break;
      case "folder-renamed":
        stages.structure.push({ op: "rename", from: change.from, path: change.path, isFolder: true });
        break;
      case "file-renamed": {
        const { path, from, entry, was } = change;
        const isDated = entry.mtimeMs === was.mtimeMs;
        // As long as the site has the old time, a later edit may bear it: the content is read before that is believed.
        const moved: ManifestEntry = isDated ? was : { ...was, racy: true };
        stages.renames.push({ op: "rename", from, path, isFolder: false, sizeBytes: was.sizeBytes, entry: moved });
        if (!isDated) stages.touches.push({ op: "touch", path, entry: { ...entry, sha1: was.sha1 } });
        break;
      }
      case "file-recased": {
        const { path, from, entry, was } = change;
        const moved: ManifestEntry = { ...was, racy: true };
        stages.renames.push({ op: "rename", from, path, isFolder: false, sizeBytes: was.sizeBytes, entry: moved });
        stages.uploads.push({ op: "upload", path, entry, why: "changed" });
        break;
      }
      case "file-added":
      case "file-modified": {
        const why = change.kind === "file-added" ? "new" : "changed";
        stages.uploads.push({ op: "upload", path: change.path, entry: change.entry, why });
        break;
      }
      case "file-touched":
        stages.touches.push({ op: "touch", path: change.path, entry: { ...change.entry, sha1: change.sha1 } });
        break;
      case "file-settled":
        stages.notes.push({ op: "note", path: change.path, entry: change.entry });
        break;
      case "file-removed":
        (isCleared(change.path) ? stages.clear : stages.deletes).push({ op: "delete", path: change.path });
        break;
      case "folder-removed":
        (isCleared(change.path) ? stages.clear : stages.deletes).push({ op: "rmdir", path: change.path });
        break;
      default:
        change satisfies never;
    }
  }
  stages.clear.sort(filesThenDeepestFolders);
  stages.deletes.sort(filesThenDeepestFolders);
  stages.structure.sort(byPath);
  stages.renames.sort(byPath);
  stages.uploads.sort(byPath);
  stages.touches.sort(byPath);
  return withGuards(stages, policy);
}

/** Paths where a file became a folder, or a folder a file. */
function swappedPaths(changes: readonly Change[]): Set<RelPath> {
  const removed = new Map<RelPath, "file" | "folder">();
  for (const { kind, path } of changes) {
    if (kind === "file-removed") removed.set(path, "file");
    if (kind === "folder-removed") removed.set(path, "folder");
  }
  const swaps = new Set<RelPath>();
  if (removed.size === 0) return swaps;
  for (const { kind, path } of changes) {
    const was = removed.get(path);
    if (was === "file" && (kind === "folder-added" || kind === "folder-renamed")) swaps.add(path);
    if (was === "folder" && (kind === "file-added" || kind === "file-renamed" || kind === "file-recased"))
      swaps.add(path);
  }
  return swaps;
}

/**
 * A rename whose old path is at or below a new entry, or below which a new entry stands, would have to happen before
 * and after another step at once: such a file is uploaded and its old copy deleted instead.
 */
function withoutTangledRenames(changes: readonly Change[]): readonly Change[] {
  if (!changes.some(({ kind }) => kind === "file-renamed" || kind === "file-recased")) return changes;
  const arriving = new Set<RelPath>();
  for (const change of changes) {
    if (change.kind === "file-added" || change.kind === "folder-added") arriving.add(change.path);
    if (change.kind === "file-renamed" || change.kind === "folder-renamed") arriving.add(change.path);
    if (change.kind === "file-recased") arriving.add(change.path);
  }
  const isTangled = (from: RelPath) => {
    for (let at = from; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/"))))
      if (arriving.has(at)) return true;
    return false;
  };
  return changes.flatMap((change): Change[] => {
    if (change.kind !== "file-renamed" && change.kind !== "file-recased") return [change];
    if (!isTangled(change.from)) return [change];
    return [
      { kind: "file-added", path: change.path, entry: change.entry },
      { kind: "file-removed", path: change.from },
    ];
  });
}

function withGuards(stages: Omit<Plan, "parked" | "parkedBecause" | "blocked">, policy: Policy): Plan {
  const guarded = applyGuards([...stages.clear, ...stages.deletes], policy);
  const isBlocked = (path: RelPath) =>
    stages.clear.some((each) => guarded.dropped.has(each) && isAtOrBelow(path, each.path));
  const kept = (actions: Action[]) => actions.filter((action) => !guarded.dropped.has(action));
  const unblocked = (actions: Action[]) => actions.filter((action) => !isBlocked(action.path));
  const arriving = [...stages.structure, ...stages.renames, ...stages.uploads];
  return {
    clear: kept(stages.clear),
    structure: unblocked(stages.structure),
    renames: unblocked(stages.renames),
    uploads: unblocked(stages.uploads),
    touches: unblocked(stages.touches),
    deletes: kept(stages.deletes),
    notes: stages.notes,
    parked: guarded.parked,
    parkedBecause: guarded.because,
    blocked: policy.delete === "none" ? arriving.map(({ path }) => path).filter(isBlocked) : [],
  };
}

export function isEmpty(plan: Plan): boolean {
  return actionsOf(plan).next().done === true;
}

/** Every step, in the order in which they are carried out. */
export function* actionsOf(plan: Plan): Generator<Action> {
  yield* plan.clear;
  yield* plan.structure;
  yield* plan.renames;
  yield* plan.uploads;
  yield* plan.touches;
  yield* plan.deletes;
  yield* plan.notes;
}

const byPath = (a: Action, b: Action) => compareText(a.path, b.path);

function filesThenDeepestFolders(a: Action, b: Action): number {
  if (a.op !== b.op) return a.op === "delete" ? -1 : 1;
  return a.op === "rmdir" ? levelOf(b.path) - levelOf(a.path) || byPath(a, b) : byPath(a, b);
}
