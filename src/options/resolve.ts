import { type Environment, readEnvironment } from "./environment.ts";
import { asksFor, type Positional, readFlag, tokenize } from "./flags.ts";
import type { Given, Source } from "./given.ts";
import { nearest } from "./nearest.ts";
import { type Options, ROWS } from "./options.ts";
import type { Profile } from "./profile.ts";
import { type ConfigPlace, loadProfiles, NO_CONFIG, onlyProfile, profileNamed } from "./profiles.ts";
import {
  COMMANDS,
  type Command,
  DEFAULT_COMMAND,
  flagOf,
  isOptionOf,
  isPairing,
  type ManagingCommand,
  type MirroringCommand,
  type PairingCommand,
} from "./row.ts";
import { parseServiceLine, type ServiceInvocation } from "./service-invocation.ts";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

/** Where each option's value came from, by the option's name. */
export type Sources = ReadonlyMap<string, Source>;

/** A command that connects to SITE. */
export interface SiteInvocation {
  command: PairingCommand | "doctor";
  /** As given; `undefined` when the site is given by `--host` and its companions. */
  site: string | undefined;
  options: Options;
  sources: Sources;
  profile: Profile | undefined;
  siteSource: Source;
  /** For the log, one line each. */
  warnings: string[];
}

/** A command about FOLDER and SITE. */
export interface PairInvocation extends SiteInvocation {
  command: PairingCommand;
  folder: string;
  folderSource: Source;
}

export interface RunInvocation extends PairInvocation {
  command: MirroringCommand;
  options: Options & { log: string };
}

/** Nothing is written: no log is needed. */
export interface CheckInvocation extends PairInvocation {
  command: "check";
}

/** What is already known of the profile that is to be written. */
export interface InitInvocation {
  command: "init";
  folder: string | undefined;
  site: string | undefined;
  options: Options;
  sources: Sources;
}

/** Nothing is mirrored: there is no FOLDER. */
export interface DoctorInvocation extends SiteInvocation {
  command: "doctor";
}

/** A command about mirrors that are there already. */
export interface ManageInvocation {
  command: ManagingCommand;
  /** Which mirror: a folder, or an id from `miroir status`. */
  name: string | undefined;
  options: Options;
}

export type Invocation =
  | RunInvocation
  | CheckInvocation
  | InitInvocation
  | DoctorInvocation
  | ManageInvocation
  | ServiceInvocation
  | { command: "help"; of?: Command }
  | { command: "version" };

/**
 * Reads the arguments that follow the program's name. Flags beat the environment, the environment beats the profile,
 * the profile beats the default; unknown `MIROIR_*` variables are ignored.
 * Throws UsageError for anything that cannot be used exactly as given.
 */
export function parseCommandLine(argv: string[], env: Environment, place: ConfigPlace = NO_CONFIG): Invocation {
  const { flags, positionals } = tokenize(argv);
  const [first] = positionals;
  // After "--" a folder may bear a command's name.
  const named = first !== undefined && !first.late && isCommand(first.value) ? first.value : undefined;
  if (flags.some((flag) => asksFor(flag, "help"))) return { command: "help", ...(named && { of: named }) };
  if (flags.some((flag) => asksFor(flag, "version"))) return { command: "version" };

  if (named === "service") {
    const run = (args: string[]) => parseCommandLine(args, env, place);
    return parseServiceLine({ flags, positionals: positionals.slice(1), env, run });
  }
  const command = named ?? DEFAULT_COMMAND;
  const fromFlags = flags.map((flag) => readFlag(flag, command));
  const operands = named ? positionals.slice(1) : positionals;
  const surplus = operands[operandCount(command)];
  if (surplus !== undefined) throw surplusArgument(surplus, command, named ? undefined : first?.value);
  const overridden = new Set(fromFlags.map((given) => given.name));
  const higher = [...readEnvironment(env, command, overridden), ...fromFlags];
  const values = operands.map(({ value }) => value);
  const [, second] = operands;
  if (second?.afterSecret !== undefined && !second.value.includes("://")) throw surplusArgument(second, command);
  if (!isPairing(command) && command !== "init" && command !== "doctor") {
    return { command, name: values[0], options: merge(higher).options };
  }
  const [folder, site] = command === "doctor" ? [undefined, ...values] : values;

  if (folder === "") throw new UsageError('Cannot use "" as FOLDER: expected the path of a local folder');
  if (site === "") throw new UsageError('Cannot use "" as SITE: expected ftp://USER@HOST/DIR');
  if (command === "init") return { command, folder, site, ...merge(higher) };
  const { profile, warnings } = chooseProfile(merge(higher), operands.length, place);
  const { options, sources } = merge([...lowerLayer(profile, command, higher, site !== undefined), ...higher]);
  const folderMeant = folder ?? profile?.folder;
  const siteMeant = site ?? profile?.site;
  if (folderMeant === undefined && command !== "doctor") throw missing("FOLDER", "the local folder", command);
  if (siteMeant === undefined && options.host === undefined) {
    if (folder !== undefined && isProfile(folder, options, place)) {
      throw new UsageError(
        `Missing SITE. ${quote(folder)} is a profile: write "miroir ${command} --profile ${folder}"`,
      );
    }
    throw missing("SITE", "ftp://USER@HOST/DIR, or --host and --user instead", command);
  }
  const meant: Omit<SiteInvocation, "command" | "options"> = {
    site: siteMeant,
    sources,
    profile,
    siteSource: site === undefined ? "profile" : "flag",
    warnings,
  };
  const chosen = { ...options, ...(profile && { profile: profile.name, configFile: profile.file }) };
  if (command === "doctor" || folderMeant === undefined) return { command: "doctor", ...meant, options: chosen };
  const folderSource: Source = folder === undefined ? "profile" : "flag";
  const pair = { ...meant, folder: folderMeant, folderSource };
  if (command === "check") return { command, ...pair, options: chosen };
  return { command, ...pair, options: requireOptions(chosen, command) };
}

/**
 * The profile that is named; without a name the only one there is, when FOLDER and SITE are left out or its file is
 * named on the command line.
 */
function chooseProfile(
  { options, sources }: Merged,
  operands: number,
  place: ConfigPlace,
): { profile: Profile | undefined; warnings: string[] } {
  const { profile: name, configFile } = options;
  if (name === undefined && operands > 0 && sources.get("config") !== "flag")
    return { profile: undefined, warnings: [] };
  const found = loadProfiles(place, configFile);
  const profile = name === undefined ? onlyProfile(found) : profileNamed(found, name);
  return { profile, warnings: found.warnings };
}

/** For advice only: a configuration file that cannot be read has none. */
function isProfile(name: string, { configFile }: Options, place: ConfigPlace): boolean {
  try {
    return loadProfiles(place, configFile).profiles.some((profile) => profile.name === name);
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/** These are SITE: one on the command line replaces all of them. */
const ADDRESS = ["host", "port", "user", "remote-dir"];

/** What the profile gives to the options of `command`; its list of rules gives way to any rule from above as a whole. */
function lowerLayer(
  profile: Profile | undefined,
  command: Command,
  higher: readonly Given[],
  isSiteGiven: boolean,
): Given[] {
  const isRule = ({ name }: Given) => ROWS.get(name)?.kind === "rule";
  const keepsRules = !higher.some(isRule);
  return (profile?.given ?? []).filter((given) => {
    const row = ROWS.get(given.name);
    if (row === undefined || !isOptionOf(command, row)) return false;
    return isRule(given) ? keepsRules : !(isSiteGiven && ADDRESS.includes(given.name));
  });
}

function operandCount(command: Command): number {
  return isPairing(command) || command === "init" ? 2 : COMMANDS[command].arguments === "" ? 0 : 1;
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

interface Merged {
  options: Options;
  sources: Sources;
}

/** Later values win, beginning with the defaults; rules add up in their order. */
export function merge(layers: Given[]): Merged {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, Source>();
  const rules: unknown[] = [];
  for (const [name, row] of ROWS) {
    values[row.property] = row.kind === "rule" ? rules : row.default;
    sources.set(name, "default");
  }
  for (const { name, source, value } of layers) {
    const row = ROWS.get(name);
    if (row === undefined) continue;
    if (row.kind === "rule") rules.push(value);
    else values[row.property] = value;
    sources.set(name, source);
  }
  // Options is derived from the very table that was walked.
  return { options: values as Options, sources };
}

function requireOptions(options: Options, command: Command): Options & { log: string } {
  const values: Readonly<Record<string, unknown>> = options;
  for (const [name, row] of ROWS) {
    if (row.kind !== "value" || !row.requiredBy?.includes(command) || values[row.property] !== undefined) continue;
    throw missing(`${flagOf(name)} ${row.type.hint}`, row.help, command, flagOf(name));
  }
  return options as Options & { log: string };
}

function missing(what: string, meaning: string, command: Command, option?: string): UsageError {
  const synopsis = `miroir ${command} ${COMMANDS[command].arguments}`;
  const advice = what === "FOLDER" ? '. "miroir init" asks for all of it' : "";
  return new UsageError(`Missing ${what} (${meaning}). Usage: ${synopsis}${advice}`, option ?? what);
}

function surplusArgument({ value, afterSecret }: Positional, command: Command, first?: string): UsageError {
  if (afterSecret !== undefined) {
    const state = "it is not shown, for it may be a part of the secret";
    return new UsageError(
      `Unexpected argument after ${quote(afterSecret)}: ${state}. Put the whole in quotes`,
      afterSecret,
    );
  }
  const near = first === undefined ? undefined : nearest(first, Object.keys(COMMANDS));
  if (first !== undefined && near !== undefined && near.edits <= 2) {
    return new UsageError(`Unknown command ${quote(first)}. Did you mean ${quote(near.word)}?`);
  }
  const own = isPairing(command) ? undefined : `"miroir ${command}" takes ${COMMANDS[command].arguments || "none"}`;
  const advice = own ?? "Give FOLDER and SITE only, and a name with spaces in quotes";
  return new UsageError(`Unexpected argument ${quote(maskPassword(value))}. ${advice}`);
}
