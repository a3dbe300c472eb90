import { escapeJson } from "./escape.ts";
import type { LogLevel, LogRecord } from "./record.ts";
import { withoutSecrets } from "./secrets.ts";

/** One JSON object on one line, without a line feed: time, level, event, then the record's fields. */
export function jsonLine(at: Date, level: LogLevel, record: LogRecord): string {
  const { event, terminal: _terminal, ...fields } = record;
  return escapeJson(JSON.stringify({ time: at.toISOString(), level, event, ...fields }));
}

/** Fields with the words of a server, which may repeat the password. In the others programs look for known values. */
const FREE_TEXT = new Set(["detail", "found", "server", "advice"]);

/** One document for other programs, indented. */
export function prettyJson(document: unknown): string {
  const masked = (field: string, value: unknown) =>
    FREE_TEXT.has(field) && typeof value === "string" ? withoutSecrets(value) : value;
  // The line breaks that JSON puts between its parts are the only ones to stay.
  return JSON.stringify(document, masked, 2).split("\n").map(escapeJson).join("\n");
}
