import { withoutSecrets } from "./secrets.ts";

const NARROWEST = 20;

/** `text` in lines of at most `width` columns, broken between words where that goes. @param width `Infinity` for one line */
export function wrapped(text: string, width: number): string[] {
  if (!Number.isFinite(width)) return [text];
  return Bun.wrapAnsi(text, Math.max(width, NARROWEST), { hard: true }).split("\n");
}

/** The columns of a terminal; `Infinity` for a file or a pipe, whose lines are for programs. */
export function widthOf(stream: { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY === true ? stream.columns || Number.POSITIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A line for people, broken between its words only: a path or a URL stays whole. Secrets are masked before they could be parted. */
export function wordWrapped(line: string, width: number): string {
  if (!Number.isFinite(width)) return line;
  return Bun.wrapAnsi(withoutSecrets(line), Math.max(width, NARROWEST), { hard: false });
}
