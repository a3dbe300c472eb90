import { escapeText } from "./escape.ts";
import { REASONS } from "./reasons.ts";
import type { LogLevel, LogRecord } from "./record.ts";

/** `2026-11-22T07:20:01.123Z INFO  upload   css/site.css (4096 bytes, 12 ms)`, without a line feed. */
export function textLine(at: Date, level: LogLevel, record: LogRecord): string {
  return `${at.toISOString()} ${level.toUpperCase().padEnd(5)} ${shortLine(record)}`;
}

/** The same without date and level, for the terminal. */
export function shortLine(record: LogRecord): string {
  return `${record.event.padEnd(8)} ${messageOf(record)}`.trimEnd();
}

/** What happened, without the event's name. */
export function messageOf(record: LogRecord): string {
  const facts = factsOf(record);
  const subject = subjectOf(record);
  const parenthesis = facts.length > 0 ? `(${facts.join(", ")})` : "";
  const head = [subject, parenthesis].filter((part) => part !== "").join(" ");
  const detail = record.detail ?? "";
  return escapeText(head && detail ? `${head}: ${detail}` : head + detail);
}

/** `1 deletion waits`, `2 deletions wait`. */
export function deletionsWait(count: number): string {
  return count === 1 ? "1 deletion waits" : `${count} deletions wait`;
}

/** The same for somebody who reads it alone: a sentence that names the path already stands by itself. */
export function sentenceOf(record: LogRecord): string {
  const { path, detail = "" } = record;
  const isNamed = path !== undefined && path !== "" && detail.includes(`"${path.replace(/\/$/, "")}"`);
  return isNamed ? escapeText(detail) : messageOf(record);
}

function subjectOf(record: LogRecord): string {
  const { event, path, from, version, folder, site } = record;
  if (event === "start")
    return [version && `miroir ${version}`, folder && `${folder} -> ${site}`].filter(Boolean).join(", ");
  if (event === "pass") return countsOf(record).join(", ") || (record.reason ? "not completed" : "nothing to do");
  // FOLDER itself has the empty path.
  const shown = path === "" || path === "/" ? "./" : path;
  return from === undefined ? (shown ?? "") : `${from} -> ${shown ?? ""}`;
}

const NAMED = new Set([
  "event",
  "path",
  "from",
  "bytes",
  "ms",
  "sha1",
  "reason",
  "code",
  "detail",
  "terminal",
  "parked",
]);
const START = new Set(["version", "folder", "site"]);

function countsOf(record: LogRecord): string[] {
  const counts: string[] = [];
  for (const [field, value] of Object.entries(record)) {
    if ((!NAMED.has(field) || field === "parked") && typeof value === "number" && value !== 0)
      counts.push(`${value} ${field}`);
  }
  return counts;
}

function factsOf(record: LogRecord): string[] {
  const facts: string[] = [];
  if (record.bytes !== undefined) facts.push(`${record.bytes} ${record.bytes === 1 ? "byte" : "bytes"}`);
  if (record.ms !== undefined) facts.push(`${Math.round(record.ms)} ms`);
  // The detail says it in full.
  if (record.reason && !record.detail) facts.push(REASONS[record.reason]);
  if (record.code !== undefined) facts.push(`reply ${record.code}`);
  for (const [field, value] of Object.entries(record)) {
    if (value === undefined || NAMED.has(field)) continue;
    if (record.event === "pass" && typeof value === "number") continue;
    if (record.event === "start" && START.has(field)) continue;
    facts.push(`${field} ${value}`);
  }
  return facts;
}
