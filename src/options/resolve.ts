import { type Environment, readEnvironment } from "./environment.ts";
import { asksFor, type Positional, readFlag, tokenize } from "./flags.ts";
import type { Source } from "./given.ts";
import type { Invocation, SiteInvocation } from "./invocation.ts";
import { lowerLayer, type Merged, merge } from "./layers.ts";
import { isSlip, nearest } from "./nearest.ts";
import { type Options, ROWS } from "./options.ts";
import type { Profile } from "./profile.ts";
import { type ConfigPlace, loadProfiles, NO_CONFIG, onlyProfile, profileNamed } from "./profiles.ts";
import { COMMANDS, type Command, DEFAULT_COMMAND, flagOf, isPairing } from "./row.ts";
import { parseServiceLine } from "./service-invocation.ts";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

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

  if (folder !== undefined && isUrl(folder) && site !== undefined && !isUrl(site))
    throw turnedRound(folder, site, command);
  if (folder === "") throw new UsageError('Cannot use "" as FOLDER: expected the path of a local folder');
  if (site === "") throw new UsageError('Cannot use "" as SITE: expected ftp://USER@HOST/DIR');
  if (command === "init") return { command, folder, site, ...merge(higher) };
  const { profile, warnings } = chooseProfile(merge(higher), operands.length > 0, place);
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
    if (folder !== undefined && isUrl(folder)) throw missing("FOLDER", "the local folder, before SITE", command);
    if (named === undefined && first?.late === false && folder !== undefined) checkLoneWord(folder);
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
 * The profile that is named; without a name the only one there is, when FOLDER and SITE (or `--host`) are left out or
 * its file is named on the command line.
 */
function chooseProfile(
  { options, sources }: Merged,
  hasOperands: boolean,
  place: ConfigPlace,
): { profile: Profile | undefined; warnings: string[] } {
  const { profile: name, configFile, host } = options;
  const saysItself = hasOperands || host !== undefined;
  if (name === undefined && saysItself && sources.get("config") !== "flag") return { profile: undefined, warnings: [] };
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

function operandCount(command: Command): number {
  return isPairing(command) || command === "init" ? 2 : COMMANDS[command].arguments === "" ? 0 : 1;
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

function requireOptions(options: Options, command: Command): Options & { log: string } {
  const values: Readonly<Record<string, unknown>> = options;
  for (const [name, row] of ROWS) {
    if (row.kind !== "value" || !row.requiredBy?.includes(command) || values[row.property] !== undefined) continue;
    throw missing(`${flagOf(name)} ${row.type.hint}`, row.help, command, flagOf(name));
  }
  return options as Options & { log: string };
}

const isUrl = (text: string) => /^ftp(s|es)?:\/\//i.test(text);

function turnedRound(site: string, folder: string, command: Command): UsageError {
  const written = `miroir ${command} ${folder} ${maskPassword(site)}`;
  return new UsageError(
    `Cannot use ${quote(maskPassword(site))} as FOLDER: FOLDER comes first. Write ${quote(written)}`,
  );
}

/** All there is besides options, and no command. @throws UsageError when it was probably meant as one */
function checkLoneWord(word: string): void {
  const meant = word === "help" || word === "version" ? flagOf(word) : nearest(word, Object.keys(COMMANDS));
  if (meant === undefined || (typeof meant !== "string" && !isSlip(word, meant.edits))) return;
  const likely = typeof meant === "string" ? meant : meant.word;
  throw new UsageError(`Unknown command ${quote(word)}. Did you mean ${quote(likely)}?`);
}

function missing(what: string, meaning: string, command: Command, option?: string): UsageError {
  const synopsis = `miroir ${command} ${COMMANDS[command].arguments}`;
  const advice = what === "FOLDER" ? '. "miroir init" asks for all of it, "miroir --help" tells more' : "";
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
