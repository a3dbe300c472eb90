import type { TextSink } from "./terminal.ts";

/** Lines at the foot of a terminal that are painted over and over, below the lines that stay. */
export interface Screen {
  /** Write through these: what is written stands above the live lines. */
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /**
   * What the live lines are from now on, for a terminal of so many columns; painted within `PAINT_MS`.
   * With `moves` they are painted each second also when nobody calls.
   */
  show(draw: (columns: number) => string[], options?: { moves: boolean }): void;
  /** Takes the live lines away for good. */
  close(): void;
}

export interface ScreenOptions {
  stdout: TextSink;
  stderr: TextSink;
  /** Asked for each painting: windows are resized. */
  columns(): number;
}

/** No oftener: terminals over slow lines must keep up, and nobody reads faster. */
export const PAINT_MS = 150;
const MOVE_MS = 1000;

const UP = "\x1b[1A";
const ERASE_BELOW = "\r\x1b[J";

/** A screen whose live lines go to stderr, which must be the same terminal as stdout. */
export function createScreen({ stdout, stderr, columns }: ScreenOptions): Screen {
  let draw: ((columns: number) => string[]) | undefined;
  let moves = false;
  /** The lines on the terminal now; the cursor stands at the end of the last. */
  let painted: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSoon = false;

  function erase(): string {
    if (painted.length === 0) return "";
    // A window that was made narrower has broken the lines since.
    const width = Math.max(1, columns());
    const rows = painted.reduce((sum, line) => sum + Math.max(1, Math.ceil(Bun.stringWidth(line) / width)), 0);
    painted = [];
    return UP.repeat(rows - 1) + ERASE_BELOW;
  }

  function paint(): void {
    isSoon = false;
    const lines = draw?.(columns()) ?? [];
    if (moves) paintIn(MOVE_MS);
    if (lines.join("\n") === painted.join("\n")) return;
    stderr.write(erase() + lines.join("\n"));
    painted = lines;
  }

  function paintIn(ms: number): void {
    timer = setTimeout(paint, ms);
    timer.unref();
  }

  function paintSoon(): void {
    if (draw === undefined || isSoon) return;
    isSoon = true;
    clearTimeout(timer);
    paintIn(PAINT_MS);
  }

  /** Erased by the one and written by the other: both write at once, so the order holds. */
  const above = (sink: TextSink): TextSink => ({
    write(text) {
      const erasing = erase();
      if (erasing !== "") stderr.write(erasing);
      sink.write(text);
      paintSoon();
    },
  });

  return {
    stdout: above(stdout),
    stderr: above(stderr),
    show(newDraw, options) {
      draw = newDraw;
      moves = options?.moves === true;
      paintSoon();
    },
    close() {
      draw = undefined;
      clearTimeout(timer);
      const erasing = erase();
      if (erasing !== "") stderr.write(erasing);
    },
  };
}
