import type { Sources } from "./invocation.ts";
import { type Options, ROWS } from "./options.ts";
import { GROUP_NAMES } from "./profile.ts";
import { formatValue, type Rule } from "./row.ts";
import { parseToml } from "./toml.ts";
import { quote, UsageError } from "./usage-error.ts";

/** What a profile is written from. Paths are absolute, but for a password file beside the configuration file. */
export interface NewProfile {
  name: string;
  folder: string;
  /** Without a password. */
  site: string;
  passwordFile: string | undefined;
  log: string;
  /** Lines of TOML, from `optionLines`. */
  options: readonly string[];
}

/** These are written in a place of their own, or not at all. */
const APART = ["profile", "config", "overwrite", "host", "port", "user", "remote-dir", "password", "password-file"];
/** About one run, not about the mirror. */
const ONCE = ["log", "dry-run", "json"];

/**
 * The options that the command line gives, as lines of a profile. Files are made absolute by `toPath`.
 * The values come from the same table that reads them, so that they read back as the same.
 */
export function optionLines(options: Options, sources: Sources, toPath: (file: string) => string): string[] {
  const values: Readonly<Record<string, unknown>> = options;
  const lines: string[] = [];
  for (const [name, row] of ROWS) {
    if (row.kind === "rule" || sources.get(name) !== "flag" || [...APART, ...ONCE].includes(name)) continue;
    const value = values[row.property];
    const written = formatValue(row, value) ?? "";
    if (row.kind === "switch") lines.push(`${name} = ${value !== row.default}`);
    else if (row.isPath) lines.push(`${name} = ${tomlText(toPath(written))}`);
    else lines.push(`${name} = ${row.type.isNumeric && /^\d+$/.test(written) ? written : tomlText(written)}`);
  }
  const rules = options.rules.map((rule) => ruleText(rule, toPath));
  if (rules.length > 0) lines.push(`rules = [${rules.join(", ")}]`);
  return lines;
}

function ruleText({ kind, value }: Rule, toPath: (file: string) => string): string {
  if (kind === "ignore-file") return `{ ignore-file = ${tomlText(toPath(value))} }`;
  if (kind === "include") return tomlText(`!${value}`);
  // As a bare string it would take in again, which is what it does behind --exclude too.
  return tomlText(value);
}

const FILE_HEAD = `# The mirrors of miroir: each one below its name in brackets.
# "miroir sync --help" tells the keys: they are the names of the options.
`;

/** The table of one profile, commented. */
export function profileText({ name, folder, site, passwordFile, log, options }: NewProfile): string {
  const password =
    passwordFile === undefined
      ? []
      : [
          "# Its first line is the password. Nobody else should be able to read it.",
          entry("password-file", passwordFile),
          "",
        ];
  return [
    `[${/^[\w-]+$/.test(name) ? name : tomlText(name)}]`,
    "# What is mirrored, and the site that is kept like it.",
    entry("folder", folder),
    entry("site", site),
    "",
    ...password,
    "# Every movement is written here.",
    entry("log", log),
    "",
    ...(options.length > 0 ? ["# As it was when this was written.", ...options, ""] : []),
    "# What else can be said, for example:",
    '# interval = "1s"                      # how often a watch looks',
    "# depth = 6                            # levels of sub-folders",
    '# rules = ["*.bak", "!important.bak"]  # what is left out, in gitignore syntax',
    '# delete = "none"                      # delete nothing on the site',
    "",
  ].join("\n");
}

function entry(key: string, text: string): string {
  return `${key} = ${tomlText(text)}`;
}

/** A string of TOML; one with backslashes as it stands, where that can be: a Windows path stays readable. */
export function tomlText(text: string): string {
  if (/^[^'\p{Cc}]*\\[^'\p{Cc}]*$/u.test(text)) return `'${text}'`;
  return JSON.stringify(text).replace(/[\x7f-\x9f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

/**
 * The text of a configuration file with `added` at its end, in the place of the table `name` where there is one.
 * Everything else stays as it is. @throws UsageError when the old profile is not one table of its own
 */
export function withProfile(text: string, name: string, added: string): string {
  const rest = text === "" ? FILE_HEAD : withoutTable(text, name);
  const gap = rest === "" || rest.endsWith("\n\n") ? "" : rest.endsWith("\n") ? "\n" : "\n\n";
  return `${rest}${gap}${added}`;
}

function withoutTable(text: string, name: string): string {
  const { headings, entries } = parseToml(text.replace(/^\uFEFF/, ""));
  const isOwn = (path: readonly string[]) =>
    path[0] === name || (GROUP_NAMES.includes(path[0] ?? "") && path[1] === name);
  const index = headings.findIndex(({ path }) => isOwn(path) && path.length <= 2 && path.at(-1) === name);
  const heading = headings[index];
  const lines = text.split("\n");
  const start = (heading?.at.line ?? lines.length + 1) - 1;
  let end = (headings[index + 1]?.at.line ?? lines.length + 1) - 1;
  if (heading === undefined) end = start;
  const isElsewhere = entries.some(({ path, at }) => isOwn(path) && (at.line <= start || at.line > end));
  if (isElsewhere) {
    throw new UsageError(
      `Cannot replace the profile ${quote(name)}: it is not a table of its own. Change it in an editor, or choose another name`,
    );
  }
  // What stands right above the next table is about that one.
  while (heading !== undefined && end > start + 1 && end < lines.length && /^\s*#/.test(lines[end - 1] ?? "")) end--;
  return [...lines.slice(0, start), ...lines.slice(end)].join("\n");
}
