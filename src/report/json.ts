import { escapeJson } from "./escape.ts";
import type { LogLevel, LogRecord } from "./record.ts";

/** One JSON object on one line, without a line feed: time, level, event, then the record's fields. */
export function jsonLine(at: Date, level: LogLevel, record: LogRecord): string {
  const { event, terminal: _terminal, ...fields } = record;
  return escapeJson(JSON.stringify({ time: at.toISOString(), level, event, ...fields }));
}
