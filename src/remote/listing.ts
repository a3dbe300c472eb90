import { type FileInfo, FileType, parseList } from "basic-ftp";
import { parseFtpTime } from "./features.ts";
import type { RemoteEntry } from "./site.ts";

const MACHINE_TYPES: Record<string, RemoteEntry["type"] | undefined> = { file: "file", dir: "folder" };

/** One line of MLSD or MLST: `facts; name` (RFC 3659 §7.2). Undefined for `.`, `..` and what is no such line. */
export function parseMachineLine(line: string): RemoteEntry | undefined {
  const space = line.indexOf(" ");
  if (space < 0) return undefined;
  const name = line.slice(space + 1);
  const entry: RemoteEntry = { name, type: "other" };
  let typed = false;
  for (const fact of line.slice(0, space).split(";")) {
    const equals = fact.indexOf("=");
    if (equals < 0) continue;
    const value = fact.slice(equals + 1);
    switch (fact.slice(0, equals).toLowerCase()) {
      case "type": {
        const type = value.toLowerCase();
        if (type === "cdir" || type === "pdir") return undefined;
        entry.type = MACHINE_TYPES[type] ?? "other";
        typed = true;
        break;
      }
      case "size":
        if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) entry.sizeBytes = Number(value);
        break;
      case "modify": {
        const time = parseFtpTime(value);
        if (time !== undefined) entry.mtimeMs = time;
        break;
      }
      case "unix.mode":
        if (/^[0-7]{3,5}$/.test(value)) entry.mode = Number.parseInt(value, 8);
        break;
    }
  }
  return typed ? entry : undefined;
}

/** A name that stays in its folder. Names come from the server: one with a separator or `..` is not believed. A backslash
 * is a letter like others there; no name of a listing is ever used as a local path. */
function staysInFolder(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

/** Lines that were not understood make a listing incomplete: nothing may be concluded from an absence in it. */
export interface ParsedListing {
  entries: RemoteEntry[];
  isUnderstood: boolean;
}

/** Names have 255 bytes and facts are few; longer ones would only occupy the patterns below. */
const LONGEST_LINE_CHARACTERS = 4096;

const linesOf = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== "");
const isTooLong = (line: string) => line.length > LONGEST_LINE_CHARACTERS;

export function parseMachineListing(text: string): ParsedListing {
  const entries: RemoteEntry[] = [];
  let isUnderstood = true;
  for (const line of linesOf(text)) {
    const entry = isTooLong(line) ? undefined : parseMachineLine(line);
    if (entry && staysInFolder(entry.name)) entries.push(entry);
    else if (!/(^|;)type=[cp]dir;/i.test(line)) isUnderstood = false;
  }
  return { entries, isUnderstood };
}

/** A LIST reply, Unix or DOS style. Its times are dropped: they have neither zone nor seconds. */
export function parseHumanListing(text: string): ParsedListing {
  const entries: RemoteEntry[] = [];
  let isUnderstood = true;
  for (const line of linesOf(text)) {
    if (/^total\b/i.test(line)) continue;
    const parsed = isTooLong(line) ? undefined : parseHumanLine(line);
    if (parsed) entries.push(...parsed);
    else isUnderstood = false;
  }
  return { entries, isUnderstood };
}

/**
 * Nothing for `.` and `..`; undefined for a line in a form that basic-ftp does not know. Its patterns end a name at a
 * Unicode line separator: letters of private use stand in for those.
 */
function parseHumanLine(line: string): RemoteEntry[] | undefined {
  let infos: FileInfo[];
  try {
    infos = parseList(line.replace(/[\u2028\u2029]/g, (separator) => (separator === "\u2028" ? "\ue028" : "\ue029")));
  } catch {
    return undefined;
  }
  return infos
    .filter((info) => staysInFolder(info.name))
    .map((info) => {
      info.name = info.name.replaceAll("\ue028", "\u2028").replaceAll("\ue029", "\u2029");
      if (info.type === FileType.File) return { name: info.name, type: "file" as const, sizeBytes: info.size };
      return { name: info.name, type: info.type === FileType.Directory ? ("folder" as const) : ("other" as const) };
    });
}
