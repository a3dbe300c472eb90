import { dirname, join, resolve } from "node:path";
import { parseFtpUrl } from "./ftp-url.ts";
import { type Given, parseValue } from "./given.ts";
import { isSlip, nearest } from "./nearest.ts";
import { ROWS } from "./options.ts";
import type { Row } from "./row.ts";
import { type Position, parseToml, TomlError, type TomlValue } from "./toml.ts";
import { maskPassword, printable, quote, UsageError } from "./usage-error.ts";

/** One mirror, or a part of one, by a name. */
export interface Profile {
  name: string;
  /** The configuration file, absolute. */
  file: string;
  /** Absolute. */
  folder?: string;
  site?: string;
  /** The options, paths made absolute; one of its own for each rule. */
  given: Given[];
  /** Where each key stands, for what turns out to be wrong later. */
  positions: ReadonlyMap<string, Position>;
}

export interface ProfilePlace {
  /** The configuration file, absolute: relative paths in it start at its folder. */
  file: string;
  /** What `~/` stands for. */
  home: string;
}

/** `[profile.NAME]` and `[profiles.NAME]` are `[NAME]`. */
export const GROUP_NAMES = ["profile", "profiles"];
const RULES = "rules";
const KEYS = [
  "folder",
  "site",
  RULES,
  ...[...ROWS].filter(([, row]) => row.kind !== "rule" && !isOutside(row)).map(([name]) => name),
];

interface Draft extends Profile {
  positions: Map<string, Position>;
  siteAt?: Position;
}

/**
 * Reads a configuration file: each table is a profile, its keys are the options' names, `folder`, `site` and `rules`.
 * Throws UsageError with file, line and column for all that cannot be used exactly as it stands.
 */
export function parseProfiles(text: string, place: ProfilePlace): Profile[] {
  const drafts = new Map<string, Draft>();
  const draftOf = (name: string): Draft => {
    const draft = drafts.get(name) ?? { name, file: place.file, given: [], positions: new Map() };
    drafts.set(name, draft);
    return draft;
  };
  const { headings, entries } = readToml(text, place.file);
  for (const { path, at, repeated } of headings) {
    const [name, ...below] = withoutGroup(path, 2);
    if (name === undefined) continue;
    if (repeated) throw wrong(place.file, at, `a profile stands in single brackets: ${quote(`[${name}]`)}`);
    if (below.length === 0 && !isGroup(path)) draftOf(name);
  }
  for (const { path, at, value } of entries) {
    const [name = "", key, ...below] = withoutGroup(path, 3);
    if (key === undefined) {
      throw wrong(
        place.file,
        at,
        `the key ${quote(name)} stands outside a profile. Put it below a line like "[website]"`,
      );
    }
    take(draftOf(name), [key, ...below].join("."), at, value, place);
  }
  for (const draft of drafts.values()) checkSite(draft);
  return [...drafts.values()].map(({ siteAt: _, ...profile }) => profile);
}

/** An error about what `option` says, found after the profile that gave it was read: with its place. */
export function placed(error: UsageError, profile: Profile, option: string): UsageError {
  const at = profile.positions.get(ROWS.get(option)?.kind === "rule" ? RULES : option);
  return at === undefined ? error : wrong(profile.file, at, error.message, error);
}

function isOutside(row: Row): boolean {
  return row.outsideProfiles === true;
}

function isGroup(path: readonly string[]): boolean {
  return path.length === 1 && GROUP_NAMES.includes(path[0] ?? "");
}

/** @param length the least length that a path within a group has */
function withoutGroup(path: string[], length: number): string[] {
  return path.length >= length && GROUP_NAMES.includes(path[0] ?? "") ? path.slice(1) : path;
}

function readToml(text: string, file: string) {
  try {
    return parseToml(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw error instanceof TomlError ? wrong(file, error.at, error.message, error) : error;
  }
}

function take(draft: Draft, key: string, at: Position, value: TomlValue, place: ProfilePlace): void {
  draft.positions.set(key, value.at);
  const row = ROWS.get(key);
  const fail = (state: string) =>
    wrong(place.file, value.at, `${quote(key)} in profile ${quote(draft.name)}: ${state}`);
  if (key === "folder") draft.folder = absolute(textOf(value, fail, "the path of a folder, in quotes"), place);
  else if (key === "site") {
    draft.site = textOf(value, fail, "ftp://USER@HOST/DIR, in quotes");
    draft.siteAt = value.at;
  } else if (key === RULES) draft.given.push(...rulesOf(value, place));
  else if (row === undefined || row.kind === "rule" || isOutside(row)) throw unknownKey(draft, key, at, row);
  else draft.given.push({ name: key, source: "profile", value: optionOf(key, row, value, fail, place) });
}

type Fail = (state: string) => UsageError;

function textOf(value: TomlValue, fail: Fail, expected: string): string {
  if (value.kind !== "text" || value.text === "") throw fail(`expected ${expected}`);
  return value.text;
}

function optionOf(
  key: string,
  row: Exclude<Row, { kind: "rule" }>,
  value: TomlValue,
  fail: Fail,
  place: ProfilePlace,
): unknown {
  if (row.kind === "switch") {
    if (value.kind !== "boolean") throw fail("expected true or false, without quotes");
    return value.on ? !row.default : row.default;
  }
  const isWritten = value.kind === "text" || (value.kind === "number" && row.type.isNumeric === true);
  if (!isWritten) throw fail(`expected ${row.type.expected}${row.type.isNumeric ? "" : ", in quotes"}`);
  const parsed = usable(() => parseValue(row, value.text, key), value.at, place);
  return row.isPath && parsed !== "-" ? absolute(String(parsed), place) : parsed;
}

/** Strings are lines of gitignore; `{ include = "..." }` and its like are the options of that name. */
function rulesOf(value: TomlValue, place: ProfilePlace): Given[] {
  const expected = 'expected a list like ["*.bak", "!keep.bak", { ignore-file = "rules.txt" }]';
  const fail = (at: Position) => wrong(place.file, at, `${quote(RULES)}: ${expected}`);
  if (value.kind !== "list") throw fail(value.at);
  return value.items.map((item) => {
    const [entry, ...more] = item.kind === "table" ? item.entries : [];
    const isIncluded = item.kind === "text" && item.text.startsWith("!");
    const name = entry?.path.join(".") ?? (isIncluded ? "include" : "exclude");
    const pattern = entry ? entry.value : item;
    const row = ROWS.get(name);
    if (row?.kind !== "rule" || pattern.kind !== "text" || more.length > 0) throw fail(item.at);
    const written = isIncluded ? pattern.text.slice(1) : pattern.text;
    const text = row.rule === "ignore-file" && written !== "" ? absolute(written, place) : written;
    return { name, source: "profile", value: usable(() => parseValue(row, text, RULES), pattern.at, place) };
  });
}

/** A value's own refusal, with its place. */
function usable<T>(read: () => T, at: Position, { file }: ProfilePlace): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError ? wrong(file, at, error.message, error) : error;
  }
}

function absolute(path: string, { file, home }: ProfilePlace): string {
  return /^~(?=$|[/\\])/.test(path) ? join(home, path.slice(1)) : resolve(dirname(file), path);
}

/** SITE is readable, and nothing stands twice. */
function checkSite({ site, siteAt, file, positions }: Draft): void {
  if (site === undefined || siteAt === undefined) return;
  const url = usable(() => parseFtpUrl(site), siteAt, { file, home: "" });
  const parts: Record<string, unknown> = { host: url.host, port: url.port, user: url.user, "remote-dir": url.dir };
  for (const [key, part] of Object.entries(parts)) {
    const at = positions.get(key);
    if (part === undefined || at === undefined) continue;
    throw wrong(file, at, `${quote(key)} is in "site" ${quote(maskPassword(site))} too. Leave out one`);
  }
}

function unknownKey({ name, file }: Draft, key: string, at: Position, row: Row | undefined): UsageError {
  const refusal = `unknown key ${quote(key)} in profile ${quote(name)}`;
  if (row?.kind === "rule") {
    return wrong(file, at, `${refusal}. Its patterns stand in the list "${RULES}", in their order`);
  }
  const near = nearest(key, KEYS);
  const valid = quote(near?.word ?? "folder");
  const advice = near && isSlip(key, near.edits) ? `Did you mean ${valid}?` : `The nearest valid one is ${valid}`;
  return wrong(file, at, `${refusal}. ${advice}`);
}

function wrong(file: string, { line, column }: Position, state: string, cause?: Error): UsageError {
  return new UsageError(`${printable(file)}:${line}:${column}: ${state}`, undefined, { cause });
}
