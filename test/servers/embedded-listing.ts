import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";

export interface ListedEntry {
  name: string;
  stats: Stats;
}

/** What a folder holds, by name; an entry that vanishes meanwhile is left out. */
export function entriesOf(folder: string, withDotFiles: boolean): ListedEntry[] {
  const entries: ListedEntry[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!withDotFiles && name.startsWith(".")) continue;
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats) entries.push({ name, stats });
  }
  return entries;
}

/** One line of `ls -l` in UTC: minutes for the last half year, else the year. */
export function unixLine({ name, stats }: ListedEntry, nowMs: number): string {
  const day = `${MONTHS[stats.mtime.getUTCMonth()]} ${String(stats.mtime.getUTCDate()).padStart(2)}`;
  const isRecent = stats.mtimeMs <= nowMs + DAY_MS && stats.mtimeMs > nowMs - 182 * DAY_MS;
  const time = isRecent ? stats.mtime.toISOString().slice(11, 16) : ` ${stats.mtime.getUTCFullYear()}`;
  const size = String(stats.size).padStart(12);
  return `${modeLetters(stats)} ${String(stats.nlink).padStart(3)} ftp      ftp      ${size} ${day} ${time} ${name}`;
}

/** One line of IIS's listing in UTC. */
export function dosLine({ name, stats }: ListedEntry): string {
  const iso = stats.mtime.toISOString();
  const hours = stats.mtime.getUTCHours();
  const clock = `${String(hours % 12 || 12).padStart(2, "0")}:${iso.slice(14, 16)}${hours < 12 ? "AM" : "PM"}`;
  const date = `${iso.slice(5, 7)}-${iso.slice(8, 10)}-${iso.slice(2, 4)}`;
  const what = stats.isDirectory() ? "       <DIR>         " : String(stats.size).padStart(20).concat(" ");
  return `${date}  ${clock} ${what}${name}`;
}

export const FACTS = ["type", "size", "modify", "perm", "UNIX.mode"] as const;
export type Fact = (typeof FACTS)[number];

/** One line of MLSD or MLST (RFC 3659 section 7). `kind` is `cdir` or `pdir` where it is not the entry's own. */
export function factsLine({ name, stats }: ListedEntry, chosen: ReadonlySet<Fact>, kind?: "cdir" | "pdir"): string {
  const isFolder = stats.isDirectory();
  const values: Record<Fact, string | undefined> = {
    type: kind ?? (isFolder ? "dir" : stats.isSymbolicLink() ? "OS.unix=symlink" : "file"),
    size: isFolder ? undefined : String(stats.size),
    modify: formatTimestamp(stats.mtimeMs),
    perm: isFolder ? "cdeflmp" : "adfrw",
    "UNIX.mode": (stats.mode & 0o7777).toString(8).padStart(4, "0"),
  };
  const facts = FACTS.filter((fact) => chosen.has(fact) && values[fact] !== undefined);
  return `${facts.map((fact) => `${fact}=${values[fact]};`).join("")} ${name}`;
}

/** `YYYYMMDDhhmmss`, UTC, whole seconds (RFC 3659 section 2.3). */
export function formatTimestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replaceAll(/[-:T]|\..*/g, "");
}

/** Milliseconds since the epoch of `YYYYMMDDhhmm[ss[.fraction]]`, or undefined when it is no time. */
export function parseTimestamp(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?$/.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  return Number.isNaN(ms) ? undefined : ms;
}

const DAY_MS = 86_400_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function modeLetters(stats: Stats): string {
  const letters = [..."rwxrwxrwx"].map((letter, at) => (stats.mode & (0o400 >> at) ? letter : "-")).join("");
  return (stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "l" : "-") + letters;
}
