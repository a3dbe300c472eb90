import type { Intent } from "../detect/manifest.ts";
import { foldedName, nameOf, type RelPath, type Snapshot, upwards } from "../detect/tree.ts";
import { alteredTrait, unknownTraits } from "../plan/name-traits.ts";
import type { Action, Plan } from "../plan/plan.ts";
import { type NameProbe, SiteError } from "../remote/site.ts";
import type { Memory } from "./memory.ts";
import type { Failure } from "./outcome.ts";
import type { MirrorParts } from "./parts.ts";
import { withRetries } from "./retry.ts";

export interface SoundPlan {
  plan: Plan;
  /** Deletions of what is, on the server, another spelling of an entry that stays: only the manifest forgets them. */
  ghosts: Action[];
  /** Entries whose names the server would not keep as they are. */
  failures: Map<RelPath, Failure>;
}

const arrivalsOf = (planned: Plan): Action[] => [...planned.structure, ...planned.renames, ...planned.uploads];

/**
 * Keeps back what the server would store under another name, or under one name with something else: a name is mirrored
 * exactly or reported, never altered in silence. What the server makes of names is tried out once and remembered.
 * @throws SiteError
 */
export async function keepSoundNames(
  planned: Plan,
  snapshot: Snapshot,
  memory: Memory,
  parts: MirrorParts,
  onRetry: (path: RelPath, error: SiteError, tryNumber: number) => void,
): Promise<SoundPlan> {
  const failures = new Map<RelPath, Failure>();
  const arriving = new Set(arrivalsOf(planned).map((action) => action.path));
  const ghosts = findGhosts(planned, snapshot);
  if (arriving.size + ghosts.length === 0) return { plan: planned, ghosts: [], failures };
  const { status } = memory;
  const known = new Set([...(status.names?.sound ?? []), ...(status.names?.altered ?? [])]);
  const unknown = unknownTraits(arriving, known);
  const twins = findTwins(snapshot, arriving, memory);
  if (unknown.size > 0 || (twins.size + ghosts.length > 0 && !status.names)) {
    const left: BrokenOff[] = [];
    try {
      const { altered, foldsCase } = await withRetries(
        () => tryOut(unknown, left, memory, parts),
        parts,
        (error, tryNumber) => onRetry("", error, tryNumber),
      );
      status.names = {
        sound: [...(status.names?.sound ?? []), ...[...unknown].filter((trait) => !altered.has(trait))],
        altered: [...(status.names?.altered ?? []), ...altered],
        foldsCase,
      };
    } catch (error) {
      // A server that lets no folder be made or looked into here: names are sent as they are.
      const isRefused = error instanceof SiteError && (error.kind === "permanent" || error.reason === "refused");
      if (!isRefused) throw error;
      await sweepAttempts(left, memory, parts);
    }
  }
  const altered = new Set(status.names?.altered);
  for (const path of arriving) {
    const trait = alteredTrait(path, altered);
    if (trait !== undefined) failures.set(path, alteredFailure(path, trait));
    const twin = twins.get(path);
    if (twin !== undefined && status.names?.foldsCase) failures.set(path, collisionFailure(path, twin));
  }
  const gone = new Set(status.names?.foldsCase ? ghosts : []);
  if (failures.size + gone.size === 0) return { plan: planned, ghosts: [], failures };
  const renamed = new Set<Action>();
  const isKept = ({ path }: Action) => !upwards(path).some((at) => failures.has(at));
  return {
    plan: {
      ...planned,
      structure: planned.structure.filter(isKept).map((action) => respelled(action, gone, renamed)),
      renames: planned.renames.filter(isKept),
      uploads: planned.uploads.filter(isKept),
      touches: planned.touches.filter(isKept),
      clear: planned.clear.filter((action) => !gone.has(action)),
      deletes: planned.deletes.filter((action) => !gone.has(action)),
    },
    ghosts: [...gone].filter((ghost) => !renamed.has(ghost)),
    failures,
  };
}

/** An attempt at trying names out that may have left its folder behind. */
interface BrokenOff {
  intent: Intent;
  /** Every command was answered: what is absent is not made any more. */
  isAnswered: boolean;
}

/**
 * One attempt, under a name of its own.
 * @throws SiteError
 */
async function tryOut(
  traits: ReadonlySet<string>,
  left: BrokenOff[],
  memory: Memory,
  { site, nonce }: Pick<MirrorParts, "site" | "nonce">,
): Promise<NameProbe> {
  await sweepAttempts(left, memory, { site });
  const temporary = `.miroir-${nonce()}`;
  const intent: Intent = { id: nonce(), path: temporary, temporary };
  memory.record([{ op: "intend", intent }]);
  try {
    const probe = await site.probeNames(temporary, [...traits]);
    if (!probe.isLeft || (await site.recover(intent))) memory.record([{ op: "settle", id: intent.id }]);
    return probe;
  } catch (error) {
    left.push({ intent, isAnswered: error instanceof SiteError && error.kind !== "unknown" });
    throw error;
  }
}

async function sweepAttempts(left: BrokenOff[], memory: Memory, { site }: Pick<MirrorParts, "site">): Promise<void> {
  for (const { intent, isAnswered } of left.splice(0)) {
    // A slow server may still make it: the next connection looks again.
    if (!isAnswered && (await site.entry(intent.temporary)) === undefined) continue;
    if (await site.recover(intent)) memory.record([{ op: "settle", id: intent.id }]);
  }
}

/** Deletions of names that are, but for letter case or composition, those of entries that stay. */
function findGhosts(planned: Plan, snapshot: Snapshot): Action[] {
  const deletions = [...planned.clear, ...planned.deletes];
  if (deletions.length === 0) return [];
  const wanted = new Set(deletions.map(({ path }) => foldedName(path)));
  const present = new Set<string>();
  for (const path of pathsOf(snapshot)) {
    const folded = foldedName(path);
    if (wanted.has(folded)) present.add(folded);
  }
  // A file that became a folder, or a folder a file, has its very own name again: that deletion is meant.
  const isSame = (path: RelPath) => snapshot.files.has(path) || snapshot.folders.has(path);
  return deletions.filter(({ path }) => present.has(foldedName(path)) && !isSame(path));
}

/**
 * A folder whose name differs from a vanished one's in letter case only is that folder: it gets its new spelling.
 * @param renamed takes the deletions that such a rename stands for
 */
function respelled(action: Action, ghosts: ReadonlySet<Action>, renamed: Set<Action>): Action {
  if (action.op !== "mkdir") return action;
  const { path } = action;
  const ghost = [...ghosts].find(({ op, path: from }) => op === "rmdir" && foldedName(from) === foldedName(path));
  if (!ghost || nameOf(ghost.path) === nameOf(path)) return action;
  renamed.add(ghost);
  return { op: "rename", from: ghost.path, path, isFolder: true };
}

/** Arriving paths that differ from another entry in letter case or composition only; what is mirrored already stays. */
function findTwins(snapshot: Snapshot, arriving: ReadonlySet<RelPath>, memory: Memory): Map<RelPath, RelPath> {
  /** The one that keeps each name that arrives, `""` until one is found. */
  const first = new Map<string, RelPath>();
  const twins = new Map<RelPath, RelPath>();
  const isMirrored = (path: RelPath) => memory.manifest?.files.has(path) || memory.manifest?.folders.has(path);
  for (const path of arriving) first.set(foldedName(path), "");
  for (const path of pathsOf(snapshot)) {
    const folded = foldedName(path);
    const other = first.get(folded);
    if (other === undefined) continue;
    if (other === "") first.set(folded, path);
    else if (arriving.has(path) && (isMirrored(other) || other < path)) twins.set(path, other);
    else if (arriving.has(other)) {
      twins.set(other, path);
      first.set(folded, path);
    }
  }
  return twins;
}

function* pathsOf(snapshot: Snapshot): Generator<RelPath> {
  yield* snapshot.folders;
  yield* snapshot.files.keys();
}

function alteredFailure(path: RelPath, trait: string): Failure {
  const what = trait.length > 2 ? `a ${trait}` : `names with "${trait}"`;
  return {
    reason: "altered",
    detail: `Cannot mirror "${path}": the server stores ${what} under another name. Rename it`,
  };
}

function collisionFailure(path: RelPath, other: RelPath): Failure {
  return {
    reason: "collision",
    detail: `Cannot mirror "${path}" beside "${other}": on the server they are one name. Rename one of them`,
  };
}
