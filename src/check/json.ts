import { failureOfPass } from "../mirror/codes.ts";
import { prettyJson } from "../report/json.ts";
import type { CheckReport, Side } from "./report.ts";
import { countsOf, isFolderHere, pathShown } from "./text.ts";

/** One document: every field is always there, `null` where nothing is. Folders end in `/`, times are ISO 8601 in UTC. */
export function checkJson(pair: { folder: string; site: string }, report: CheckReport): string {
  const { differences, unchecked, leftovers, compared, distrust, failure } = report;
  const isComplete = unchecked.length === 0 && failure === undefined;
  const document = {
    ...pair,
    inSync: isComplete && differences.length === 0 && distrust === undefined,
    complete: isComplete,
    compared,
    counts: countsOf(differences),
    differences: differences.map((difference) => ({
      path: pathShown(difference.path, isFolderHere(difference)),
      kind: difference.kind,
      local: sideJson(difference.local),
      remote: sideJson(difference.remote),
    })),
    unchecked: unchecked.map(({ path, isFolder, reason, detail }) => ({
      path: pathShown(path, isFolder),
      reason,
      detail,
    })),
    leftovers,
    distrust: distrust ?? null,
    error: failure ? { code: null, ...failureOfPass(failure) } : null,
  };
  return prettyJson(document);
}

function sideJson(side: Side | undefined) {
  if (side === undefined) return null;
  const { type, sizeBytes, mtimeMs, hash } = side;
  const mtime = mtimeMs === undefined ? undefined : new Date(mtimeMs);
  return {
    type,
    bytes: sizeBytes ?? null,
    mtime: mtime && !Number.isNaN(mtime.getTime()) ? mtime.toISOString() : null,
    hash: hash ?? null,
  };
}
