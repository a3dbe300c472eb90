import { TEMPORARY_PREFIX } from "../detect/ignore.ts";
import { nameOf, parentOf, type RelPath } from "../detect/tree.ts";
import { batchesOf, inParallel } from "../mirror/parallel.ts";
import { type Patience, withRetries } from "../mirror/retry.ts";
import { type ReadableSite, type RemoteEntry, SiteError } from "../remote/site.ts";

/** Paths that one session is asked for. */
export const BATCH = 256;

/** What the site shows of the paths that matter. */
export interface SiteLook {
  /** What stands at each path; absent for what the server says is not there. */
  found: Map<RelPath, RemoteEntry>;
  /** Paths that only a question by name brought to light, in a folder whose listing came whole. */
  unlisted: Set<RelPath>;
  /** Folders that could not be listed, and paths that could not be asked for: nothing is known of an absence there. */
  unanswered: Map<RelPath, SiteError>;
  leftovers: RelPath[];
}

/**
 * Lists the folders that `enters` lets in, level by level; whatever of `wanted` a listing does not show is asked for by
 * name, for listings hide dot files and are cut short.
 * @throws SiteError when the connection is lost for good
 */
export async function lookAtSite(
  site: ReadableSite,
  wanted: readonly RelPath[],
  enters: (folder: RelPath) => boolean,
  patience: Patience,
): Promise<SiteLook> {
  const look: SiteLook = { found: new Map(), unlisted: new Set(), unanswered: new Map(), leftovers: [] };
  const wantedIn = Map.groupBy(wanted, parentOf);
  for (let level: RelPath[] = [""]; level.length > 0; ) {
    const below: RelPath[] = [];
    const whole = new Set<RelPath>();
    const note = (path: RelPath, entry: RemoteEntry) => {
      look.found.set(path, entry);
      if (entry.type === "folder" && enters(path)) below.push(path);
    };
    await inParallel(level, site.parallel, async (folder) => {
      const entries = await listed(site, folder, patience, look, whole);
      for (const entry of entries) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.name.startsWith(TEMPORARY_PREFIX)) look.leftovers.push(path);
        else note(path, entry);
      }
    });
    const unseen = level.flatMap((folder) => wantedIn.get(folder) ?? []).filter((path) => !look.found.has(path));
    await askFor(site, unseen, patience, (path, answer) => {
      if (answer instanceof SiteError) look.unanswered.set(path, answer);
      else if (answer !== undefined) {
        if (whole.has(parentOf(path)) && !nameOf(path).startsWith(".")) look.unlisted.add(path);
        note(path, answer);
      }
    });
    level = below;
  }
  await lookAgain(site, look, patience);
  return look;
}

async function listed(
  site: ReadableSite,
  folder: RelPath,
  patience: Patience,
  { unanswered }: SiteLook,
  whole: Set<RelPath>,
): Promise<RemoteEntry[]> {
  try {
    const { entries, complete } = await retrying(() => site.list(folder), patience);
    if (complete) whole.add(folder);
    return entries;
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== "permanent") throw error;
    // Gone since it was seen, or forbidden: servers answer both with 550.
    const isThere = (await retrying(() => site.entry(folder), patience)) !== undefined;
    if (isThere) unanswered.set(folder, error);
    return [];
  }
}

async function askFor(
  site: ReadableSite,
  paths: readonly RelPath[],
  patience: Patience,
  take: (path: RelPath, answer: RemoteEntry | SiteError | undefined) => void,
): Promise<void> {
  await inParallel(batchesOf(paths, BATCH), site.parallel, async (batch) => {
    for (const [path, answer] of await retrying(() => site.entries(batch), patience)) take(path, answer);
  });
}

/** What arrived between the listing and the question is listed by now, and bears its own name. */
async function lookAgain(site: ReadableSite, look: SiteLook, patience: Patience): Promise<void> {
  const folders = new Set([...look.unlisted].map(parentOf));
  await inParallel([...folders], site.parallel, async (folder) => {
    const { entries } = await retrying(() => site.list(folder), patience);
    for (const { name } of entries) look.unlisted.delete(folder === "" ? name : `${folder}/${name}`);
  });
}

export function retrying<T>(attempt: () => Promise<T>, patience: Patience): Promise<T> {
  return withRetries(attempt, patience, () => {});
}
