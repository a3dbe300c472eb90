import type { ManifestEntry } from "../../src/detect/manifest.ts";
import type { RelPath } from "../../src/detect/tree.ts";
import { type ExecuteOptions, execute } from "../../src/mirror/execute.ts";
import type { Outcome } from "../../src/mirror/outcome.ts";
import type { Action, Plan } from "../../src/plan/plan.ts";
import type { Content } from "../../src/remote/site.ts";
import { treeOf } from "../detect/differences.ts";
import type { Tree } from "../plan/tree-model.ts";
import { createFakeSite, type FakeSite, type Step, type Verdict } from "./fake-site.ts";

export const entry: ManifestEntry = { mtimeMs: 1_000_000, sizeBytes: 1, sha1: "sha1" };
export const mkdir = (path: RelPath): Action => ({ op: "mkdir", path });
export const upload = (path: RelPath): Action => ({ op: "upload", path, entry, why: "new" });
export const rename = (from: RelPath, path: RelPath, isFolder = false): Action => ({
  op: "rename",
  from,
  path,
  isFolder,
});
export const remove = (path: RelPath): Action => ({ op: "delete", path });
export const rmdir = (path: RelPath): Action => ({ op: "rmdir", path });

function planOf(fields: Partial<Plan>): Plan {
  return {
    clear: [],
    structure: [],
    renames: [],
    uploads: [],
    touches: [],
    deletes: [],
    notes: [],
    parked: [],
    parkedBecause: undefined,
    blocked: [],
    ...fields,
  };
}

/** A plan, the site it meets, and what goes wrong. */
export interface Play {
  site?: Record<string, string>;
  plan: Partial<Plan>;
  /** What becomes of the steps on a path, in turn; then they are done. */
  verdicts?: Record<RelPath, Verdict[]>;
  options?: Partial<ExecuteOptions>;
}

export interface Played {
  outcomes: string[];
  retries: string[];
  tree: Tree;
  site: FakeSite;
  error: unknown;
  delaysMs: number[];
}

const shownOutcome = ({ status, action, ...rest }: Outcome) =>
  `${status} ${action.op} ${action.path}${"failure" in rest ? ` (${rest.failure.reason})` : ""}`;

/** A local file of these bytes. */
export function contentOf(text: string): Content {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return {
    sizeBytes: bytes.length,
    mtimeMs: entry.mtimeMs,
    async read(buffer) {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return part.length;
    },
    isUnchanged: async () => true,
    async close() {},
  };
}

/** Carries the plan out on a fake site, with a clock on which pauses take no time. */
export async function play({ site = {}, plan, verdicts = {}, options = {} }: Play): Promise<Played> {
  const tree = treeOf(site);
  const left = new Map(Object.entries(verdicts).map(([path, each]) => [path, [...each]]));
  const judge = ({ path }: Step) => left.get(path)?.shift() ?? "done";
  const fake = createFakeSite(tree, judge);
  const played: Played = { outcomes: [], retries: [], tree, site: fake, error: undefined, delaysMs: [] };
  let clockMs = 0;
  try {
    await execute(planOf(plan), {
      site: fake,
      retries: 2,
      random: () => 0.5,
      isStopped: () => false,
      monotonicMs: () => clockMs,
      async sleep(ms) {
        played.delaysMs.push(ms);
        clockMs += ms;
      },
      open: async () => contentOf("x"),
      intend() {},
      settled() {},
      begin() {},
      ended() {},
      onOutcome: (outcome) => void played.outcomes.push(shownOutcome(outcome)),
      onRetry: (path, error, tryNumber) => void played.retries.push(`${path} ${error.reason} ${tryNumber}`),
      localFailure: () => undefined,
      ...options,
    });
  } catch (error) {
    played.error = error;
  }
  return played;
}
