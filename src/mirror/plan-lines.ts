import type { Problem, Skip } from "../detect/tree.ts";
import type { Action, Plan } from "../plan/plan.ts";
import { REASONS } from "../report/reasons.ts";
import { deletionsWait } from "../report/text.ts";
import { WHY_PARKED } from "./notices.ts";
import { folderShown } from "./outcome.ts";

/** What a plan is told with. */
export interface Told {
  plan: Plan;
  isFolder(path: string): boolean;
  /** It is on the site, and never was here. */
  isForeign(path: string): boolean;
  problems: readonly Problem[];
  /** The skipped entries worth telling. */
  skips: readonly Skip[];
}

/** A plan for a person: groups in the order in which they are carried out, each sorted, and the totals. */
export function planLines({ plan, isFolder, isForeign, problems, skips }: Told): string[] {
  const { clear, structure, renames, uploads, touches, deletes, parked, parkedBecause, blocked } = plan;
  const bytes = uploads.reduce((sum, action) => sum + (action.op === "upload" ? action.entry.sizeBytes : 0), 0);
  const why = (path: string) => (isForeign(path) ? "foreign" : "vanished");
  const lineOf = (action: Action) => actionLine(action, why);
  const shown = (path: string) => (isFolder(path) ? folderShown(path) : path);
  const groups: Array<[string, string[]]> = [
    ["Deletions that make room", clear.map(lineOf)],
    ["Folders", structure.map(lineOf)],
    ["Renames", renames.map(lineOf)],
    [`Uploads, ${bytes} bytes`, uploads.map(lineOf)],
    ["Times", touches.map(lineOf)],
    ["Deletions", deletes.map(lineOf)],
    [
      `Deletions that wait for "miroir approve". ${WHY_PARKED[parkedBecause ?? "max-delete"]}`,
      parked.map((path) => `parked   ${shown(path)} (${why(path)})`),
    ],
    [
      "Blocked: what stands in their place may not be deleted (--delete none)",
      blocked.map((path) => `blocked  ${path}`),
    ],
    ["Not mirrored", [...problems.map(problemLine), ...skips.map(skipLine)].sort()],
  ];
  const lines = groups.flatMap(([title, group]) =>
    group.length === 0 ? [] : [`${title} (${group.length}):`, ...group, ""],
  );
  return [...lines, totals(plan, bytes)];
}

function totals({ clear, structure, renames, uploads, touches, deletes, parked }: Plan, bytes: number): string {
  const steps = [clear, structure, renames, uploads, touches, deletes].reduce((sum, { length }) => sum + length, 0);
  const waiting = parked.length > 0 ? `, ${deletionsWait(parked.length)}` : "";
  return `${steps} steps, ${bytes} bytes to upload${waiting}; nothing was changed`;
}

function actionLine(action: Action, why: (path: string) => string): string {
  switch (action.op) {
    case "mkdir":
      return `mkdir    ${folderShown(action.path)} (new)`;
    case "rmdir":
      return `rmdir    ${folderShown(action.path)} (${why(action.path)})`;
    case "rename": {
      const end = action.isFolder ? "/" : "";
      return `rename   ${action.from}${end} -> ${action.path}${end}`;
    }
    case "upload":
      return `upload   ${action.path} (${action.why}, ${action.entry.sizeBytes} bytes)`;
    case "touch":
      return `touch    ${action.path} (same content, new time)`;
    case "delete":
      return `delete   ${action.path} (${why(action.path)})`;
    case "note":
      return `note     ${action.path}`;
    default:
      return action satisfies never;
  }
}

function problemLine({ path, detail }: Problem): string {
  return `problem  ${path} (${detail})`;
}

function skipLine({ path, isFolder, reason, detail }: Skip): string {
  return `skip     ${isFolder ? folderShown(path) : path} (${detail ?? REASONS[reason]})`;
}
