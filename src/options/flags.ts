import { parseArgs } from "node:util";
import { type Given, parseValue, unusable } from "./given.ts";
import { isSlip, nearest } from "./nearest.ts";
import { ROWS } from "./options.ts";
import { type Command, flagOf, isOptionOf, type Row } from "./row.ts";
import { quote, UsageError } from "./usage-error.ts";
import { EXPECTED_SWITCH, parseSwitch } from "./values.ts";

/** One option as it stands on the command line. */
export interface Flag {
  /** With its dashes, without its value. */
  written: string;
  /** The whole argument, which is longer where "=" or, after a single dash, more letters follow. */
  argument: string;
  value: string | undefined;
  /** The value follows "=" in the same argument. */
  attached: boolean;
}

export interface Positional {
  value: string;
  /** Stands after "--". */
  late: boolean;
  /** The flag of the secret it comes right after: it may be the rest of one that was not quoted. */
  afterSecret: string | undefined;
}

/** Divides the arguments; judges nothing. */
export function tokenize(argv: string[]): { flags: Flag[]; positionals: Positional[] } {
  const spec: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "V" },
  };
  for (const [name, row] of ROWS) spec[name] = { type: row.kind === "switch" ? "boolean" : "string" };
  // strict would stop at the first fault, and in words of its own.
  const { tokens } = parseArgs({ args: argv, options: spec, strict: false, allowPositionals: true, tokens: true });
  const flags: Flag[] = [];
  const positionals: Positional[] = [];
  let late = false;
  let afterSecret: string | undefined;
  let lastIndex = -1;
  for (const token of tokens) {
    // A group of letters gives a token each; there is no group that could be meant.
    if (token.index === lastIndex) continue;
    lastIndex = token.index;
    if (token.kind === "option-terminator") late = true;
    else if (token.kind === "positional") {
      positionals.push({ value: token.value, late, afterSecret });
      afterSecret = undefined;
    } else {
      const written = /^--?[^=]*/.exec(token.rawName)?.[0] ?? "";
      flags.push({
        written,
        argument: argv[token.index] ?? "",
        value: token.value,
        attached: token.inlineValue === true,
      });
      const row = ROWS.get(token.name);
      afterSecret = row?.kind === "value" && row.secret ? written : undefined;
    }
  }
  return { flags, positionals };
}

/** Also where the option before it lacks its value: `--log --help`. */
export function asksFor(flag: Flag, name: "help" | "version"): boolean {
  const words = name === "help" ? ["--help", "-h"] : ["--version", "-V"];
  const itself = words.includes(flag.written) && (flag.written.startsWith("--") || flag.argument === flag.written);
  return itself || (!flag.attached && flag.value !== undefined && words.includes(flag.value));
}

/** Throws UsageError for an option that `command` does not have, and for a value that is missing or cannot be used. */
export function readFlag(flag: Flag, command: Command): Given {
  const { name, row, negated } = findRow(flag, command);
  const { written } = flag;
  if (row.kind === "switch") return { name, source: "flag", value: readSwitch(flag, row.default, negated) };
  // What looks like an option is no value, so that `--log --dry-run` is noticed; `-` and `-1` are values.
  if (flag.value === undefined || (!flag.attached && /^-[^\d.]/.test(flag.value))) throw missingValue(written, row);
  return { name, source: "flag", value: parseValue(row, flag.value, written) };
}

interface Found {
  name: string;
  row: Row;
  /** Written as the opposite of the row's flag: `--no-dry-run`, `--progress`. */
  negated: boolean;
}

/** The option that is meant; undefined when there is none of that name. */
export function rowOf({ written }: Flag): Row | undefined {
  return written.startsWith("--") ? lookUp(written.slice(2))?.row : undefined;
}

function findRow(flag: Flag, command: Command): Found {
  const { written } = flag;
  const found = written.startsWith("--") ? lookUp(written.slice(2)) : undefined;
  if (found === undefined) throw unknownOption(flag, command);
  if (isOptionOf(command, found.row)) return found;
  const owners = found.row.commands?.map((owner) => quote(`miroir ${owner}`)).join(" and ");
  const refusal = `Option ${quote(written)} does not belong to ${quote(`miroir ${command}`)}`;
  throw new UsageError(`${refusal}, only to ${owners}: leave it out`, written);
}

function lookUp(name: string): Found | undefined {
  const row = ROWS.get(name);
  if (row !== undefined) return { name, row, negated: false };
  const opposite = oppositeOf(name);
  const positive = ROWS.get(opposite);
  return positive?.kind === "switch" ? { name: opposite, row: positive, negated: true } : undefined;
}

function oppositeOf(name: string): string {
  return name.startsWith("no-") ? name.slice("no-".length) : `no-${name}`;
}

function readSwitch({ written, value }: Flag, standard: boolean, negated: boolean): boolean {
  if (negated) {
    if (value === undefined) return standard;
    throw new UsageError(`Option ${quote(written)} takes no value: leave out ${quote(`=${value}`)}`, written);
  }
  const given = value === undefined ? true : parseSwitch(value);
  if (given === undefined) throw unusable(value ?? "", written, EXPECTED_SWITCH);
  return given ? !standard : standard;
}

function missingValue(flag: string, row: Exclude<Row, { kind: "switch" }>): UsageError {
  const hint = row.kind === "rule" ? row.hint : row.type.hint;
  const attached = quote(`${flag}=VALUE`);
  return new UsageError(
    `Missing value for ${quote(flag)}: give ${hint}; one that begins with a dash as ${attached}`,
    flag,
  );
}

function unknownOption({ written, argument }: Flag, command: Command): UsageError {
  const own = [...ROWS].filter(([, row]) => isOptionOf(command, row));
  const opposites = own.filter(([, row]) => row.kind === "switch").map(([name]) => flagOf(oppositeOf(name)));
  const candidates = [...own.map(([name]) => flagOf(name)), "--help", "--version", ...opposites];
  if (!written.startsWith("--")) return unknownLetter(written, argument, candidates);
  const { word, edits } = nearest(written, candidates) ?? { word: "--help", edits: Number.POSITIVE_INFINITY };
  if (isSlip(written, edits)) return meant(written, word);
  const advice = `The nearest valid one is ${quote(word)}; "miroir --help" lists them all`;
  return new UsageError(`Unknown option ${quote(written)}. ${advice}`, written);
}

/** What begins with a single dash: "-v", "-depth". It is shown whole only where it is almost an option: it may be "-pSECRET". */
function unknownLetter(letter: string, argument: string, candidates: string[]): UsageError {
  const [whole = letter] = argument.split("=", 1);
  const long = nearest(`-${whole}`, candidates);
  if (long !== undefined && isSlip(whole, long.edits)) return meant(whole, long.word);
  const short = ["-h", "-V"].find((known) => known.toLowerCase() === letter.toLowerCase());
  const likely = short ?? candidates.find((candidate) => candidate.startsWith(`-${letter}`));
  if (likely !== undefined) return meant(letter, likely);
  return new UsageError(`Unknown option ${quote(letter)}. "miroir --help" lists those there are`, letter);
}

function meant(written: string, valid: string): UsageError {
  return new UsageError(`Unknown option ${quote(written)}. Did you mean ${quote(valid)}?`, written);
}
