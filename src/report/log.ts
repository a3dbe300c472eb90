import { createConsola } from "consola/core";
import { jsonLine } from "./json.ts";
import { openLogFile } from "./log-file.ts";
import { createMask } from "./mask.ts";
import type { LogLevel, LogRecord } from "./record.ts";
import type { TerminalSink } from "./terminal.ts";
import { textLine } from "./text.ts";

export type { LogEvent, LogLevel, LogRecord } from "./record.ts";

/** No method ever throws. */
export interface Log {
  debug(record: LogRecord): void;
  info(record: LogRecord): void;
  warn(record: LogRecord): void;
  error(record: LogRecord): void;
  /** Writes what is not yet written. */
  close(): void;
}

export interface LogOptions {
  /** `-` is standard output, and the terminal then shows no movements; undefined: no log, only the terminal. */
  file: string | undefined;
  format: "text" | "json";
  now: () => Date;
  terminal?: TerminalSink;
  /** Default false: debug records go nowhere. */
  debug: boolean;
  /** Never to be written, in any of their forms. */
  secrets: readonly string[];
  /** The log is rotated before it grows past this; 0: never. */
  logSizeBytes: number;
  /** How many rotated logs are kept. */
  logKeep: number;
  /** The log can't be written: called once per cause, and again after a success in between. */
  onLogFailure: (message: string) => void;
  /** When lines that came together are written. Default: when the event loop comes round. */
  later?: (callback: () => void) => void;
}

/** Opens the log. Throws LogOpenError (exit 2). */
export function createLog(options: LogOptions): Log {
  const { file, format, now, terminal, debug, secrets, logSizeBytes, logKeep, onLogFailure, later } = options;
  const mask = createMask(secrets);
  const lineOf = format === "json" ? jsonLine : textLine;
  const sink =
    file === undefined
      ? undefined
      : openLogFile({
          ...{ file, sizeLimitBytes: logSizeBytes, keep: logKeep, now, onFailure: onLogFailure },
          ...(later && { later }),
        });

  function report(level: LogLevel, record: LogRecord): void {
    sink?.write(`${lineOf(now(), level, record)}\n`);
    if (record.terminal === false || (file === "-" && level === "info")) return;
    terminal?.show(level, record);
  }

  const consola = createConsola({
    // Any other throttle drops repeated lines; 0 still would when the clock is set back.
    throttle: Number.NEGATIVE_INFINITY,
    level: debug ? 4 : 3,
    reporters: [
      {
        log({ type, args }) {
          // consola hands a reporter's exception to the caller, and no line of a log is worth a mirror.
          try {
            report(levelOf(type), mask(args[0]));
          } catch {
            // The terminal is gone: there is nobody left to tell.
          }
        },
      },
    ],
  });

  return {
    // Raw: otherwise consola takes some records for objects of its own.
    debug: (record) => consola.debug.raw(record),
    info: (record) => consola.info.raw(record),
    warn: (record) => consola.warn.raw(record),
    error: (record) => consola.error.raw(record),
    close: () => sink?.close(),
  };
}

function levelOf(type: string): LogLevel {
  return type === "debug" || type === "warn" || type === "error" ? type : "info";
}
