import ignore from "ignore";
import type { RelPath } from "./tree.ts";

/** The file in FOLDER that holds rules of its own; it is read by itself and never mirrored. */
export const IGNORE_FILE = ".miroirignore";

/** miroir's temporary names, here and on the server. */
export const TEMPORARY_PREFIX = ".miroir-";

/**
 * gitignore patterns, in order, the last match wins; an included one is an excluded one with `!` before it.
 * @returns whether a path is excluded, by itself or by a folder above it; undefined where nothing ever is
 */
export function createRules(patterns: readonly string[]): ((path: RelPath, isFolder: boolean) => boolean) | undefined {
  const telling = patterns.filter((pattern) => pattern.trim() !== "" && !pattern.startsWith("#"));
  if (telling.length === 0) return undefined;
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(telling);
  return (path, isFolder) => rules.ignores(isFolder ? `${path}/` : path);
}

/** The lines of a gitignore file. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}
