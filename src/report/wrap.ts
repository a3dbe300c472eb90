const NARROWEST = 20;

/** `text` in lines of at most `width` columns, broken between words where that goes. @param width `Infinity` for one line */
export function wrapped(text: string, width: number): string[] {
  if (!Number.isFinite(width)) return [text];
  return Bun.wrapAnsi(text, Math.max(width, NARROWEST), { hard: true }).split("\n");
}
