import { writeLine } from "./log-disk.ts";
import type { LogEvent, LogLevel, LogRecord } from "./record.ts";
import { withoutSecrets } from "./secrets.ts";
import { sentenceOf, shortLine } from "./text.ts";
import { wordWrapped } from "./wrap.ts";

export interface TextSink {
  write(text: string): unknown;
}

const STDERR = 2;

/**
 * Writes to an open descriptor (1, 2) at once: what is handed to process.stdout can be lost at exit. A reader that went
 * away, or that takes nothing for `patienceMs`, is no error. On stderr, where the words of servers end up, no secret
 * passes; stdout may be JSON, and who writes there masks the values.
 */
export function descriptorSink(fd: number, patienceMs = 1000): TextSink {
  return {
    write(text) {
      try {
        writeLine(fd, Buffer.from(fd === STDERR ? withoutSecrets(text) : text), patienceMs, () => {});
      } catch {
        // Nobody reads any more.
      }
    },
  };
}

export interface TerminalSink {
  show(level: LogLevel, record: LogRecord): void;
}

export interface TerminalOptions {
  stdout: TextSink;
  stderr: TextSink;
  /** Only errors are shown. */
  quiet: boolean;
  color: boolean;
  /** Columns of stderr; `Infinity` where its lines have no end. */
  width?(): number;
  /** While it says so, movements are not listed one by one. */
  hidesMovements?(): boolean;
}

const MOVEMENTS: ReadonlySet<LogEvent> = new Set<LogEvent>([
  ...(["upload", "delete", "rename", "mkdir", "rmdir", "touch", "adopt"] as const),
]);
const RED = "\x1b[31m";
const YELLOW = "\x1b[33m";
const RESET = "\x1b[39m";

/** What a person sees: movements on stdout, warnings and errors on stderr, debug records nowhere. */
export function createTerminal({ stdout, stderr, quiet, color, width, hidesMovements }: TerminalOptions): TerminalSink {
  const prefix = (tint: string) => (color ? `${tint}miroir:${RESET} ` : "miroir: ");
  const complain = (tint: string, record: LogRecord) =>
    stderr.write(
      `${wordWrapped(prefix(tint) + (sentenceOf(record) || record.event), width?.() ?? Number.POSITIVE_INFINITY)}\n`,
    );

  return {
    show(level, record) {
      switch (level) {
        case "debug":
          return;
        case "info":
          if (MOVEMENTS.has(record.event) && hidesMovements?.()) return;
          if (!quiet && record.event !== "ftp") stdout.write(`${shortLine(record)}\n`);
          return;
        case "warn":
          if (quiet) return;
          // What a pass came to is no news of its own: what went wrong has been told.
          if (record.event === "pass") stdout.write(`${shortLine(record)}\n`);
          else complain(YELLOW, record);
          return;
        case "error":
          complain(RED, record);
          return;
        default:
          level satisfies never;
      }
    },
  };
}

type Variables = Readonly<Record<string, string | undefined>>;

export function wantsColor(color: "auto" | "always" | "never", env: Variables, isTerminal: boolean): boolean {
  if (color !== "auto") return color === "always";
  return isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
}

/** Whether letters beyond ASCII come out as they are. The consoles of Windows say nothing of their code page. */
export function canShowUnicode(env: Variables, platform: NodeJS.Platform, isTerminal: boolean): boolean {
  if (isTerminal && env.TERM === "dumb") return false;
  if (platform === "win32") return !isTerminal || Boolean(env.WT_SESSION ?? env.TERM_PROGRAM);
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return !locale || /utf-?8/i.test(locale);
}
