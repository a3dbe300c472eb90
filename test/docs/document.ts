import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "..", "..");

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Every TypeScript file of `src`, as `src/detect/tree.ts`, in order. */
export function sourceFiles(): string[] {
  const paths = [...new Bun.Glob("src/**/*.ts").scanSync({ cwd: ROOT })];
  return paths.map((path) => path.replaceAll("\\", "/")).sort();
}

/** The text of every `code span`; fenced blocks are left out. */
export function codeSpans(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The lines of every fenced block. */
export function codeBlocks(text: string): string[] {
  return [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) => block.split("\n"));
}

/** Targets of `[text](target)`. */
export function linksOf(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors that GitHub gives to the headings. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map(
      (heading) =>
        `#${heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, "")
          .replaceAll(" ", "-")}`,
    ),
  );
}

function withoutBlocks(text: string): string {
  return text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, "");
}

/**
 * The commands of miroir that stand in code, at the start of a line or after a quote or a path, unlike in a sentence.
 * "miroir website" is the name of a task.
 */
export function commandsNamed(text: string): string[] {
  return [...codeSpans(text), ...codeBlocks(text)]
    .flatMap((code) => [...code.matchAll(/(?:^(?:\$ )?|["'/\\])miroir(?:\.exe"?)? ([a-z]+)/g)])
    .map(([, word = ""]) => word)
    .filter((word) => word !== "website");
}
