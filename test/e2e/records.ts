import { existsSync, readFileSync } from "node:fs";

/** One line of a log in JSON. */
export interface LogLine {
  time: string;
  level: string;
  event: string;
  path?: string;
  from?: string;
  bytes?: number;
  ms?: number;
  sha1?: string;
  reason?: string;
  code?: number;
  detail?: string;
  [field: string]: string | number | boolean | undefined;
}

const MOVEMENTS = new Set(["upload", "delete", "rename", "mkdir", "rmdir", "touch", "adopt", "skip"]);

/** The whole lines of a log in JSON; a line that is being written is left out. */
export function readRecords(logFile: string): LogLine[] {
  return linesOf(logFile).map((line) => JSON.parse(line) as LogLine);
}

/** The whole lines of a text file; none when it is missing. */
export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

/** What moved, and what was left alone, as short lines: `rename a.txt -> b.txt`. */
export function movements(records: LogLine[]): string[] {
  return records
    .filter(({ event }) => MOVEMENTS.has(event))
    .map(({ event, path = "", from, reason }) => {
      const subject = from === undefined ? path : `${from} -> ${path}`;
      return event === "skip" ? `skip ${subject} (${reason})` : `${event} ${subject}`;
    });
}

export function eventsOf(records: LogLine[]): string[] {
  return records.map(({ event }) => event);
}
