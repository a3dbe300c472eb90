import type { Snapshot } from "../detect/tree.ts";
import { formatBytes } from "../report/progress-lines.ts";
import { REASONS, type Reason } from "../report/reasons.ts";

const NAMED_AT_MOST = 3;

/** What a first pass would mirror, for a person. @param depth as the options have it */
export function outlineLines({ files, folders, skipped, problems }: Snapshot, depth: number): string[] {
  const bytes = [...files].reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0);
  const groups = new Map<string, string[]>();
  const add = (words: string, path: string) => groups.set(words, [...(groups.get(words) ?? []), path]);
  for (const { path, isFolder, reason } of skipped.values()) {
    if (reason !== "own") add(wordsFor(reason, depth), isFolder ? `${path}/` : path);
  }
  for (const { path, reason } of problems) add(REASONS[reason], path);
  return [
    `${counted(files.size, "file")} in ${counted(folders.size, "folder")}, ${formatBytes(bytes)}`,
    ...[...groups].map(([words, paths]) => `${paths.length} left out, ${words}: ${named(paths)}`),
  ];
}

function wordsFor(reason: Reason, depth: number): string {
  return reason === "too-deep" ? `below ${counted(depth, "level")} of sub-folders (--depth)` : REASONS[reason];
}

function named(paths: readonly string[]): string {
  const shown = [...paths].sort().slice(0, NAMED_AT_MOST).join(", ");
  return paths.length > NAMED_AT_MOST ? `${shown}, ...` : shown;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
