import { isAnonymous } from "../options/credentials.ts";
import type { RunInvocation } from "../options/invocation.ts";
import { ROWS } from "../options/options.ts";
import { flagOf, isOptionOf, type Row, type Rule } from "../options/row.ts";
import type { SiteAddress } from "../options/site-address.ts";
import { quote, UsageError } from "../options/usage-error.ts";

/** How paths are made absolute where the service will run. */
export type Absolute = (path: string) => string;

/**
 * The arguments that do, from any folder and without this shell's variables, what `run` would do: what a profile gives
 * stays there, all else is written out, and paths are absolute. There is never a password in them.
 * @throws UsageError when there would have to be one
 */
export function serviceArguments(run: RunInvocation, address: SiteAddress, absolute: Absolute): string[] {
  checkPassword(run, address);
  const { command, folder, folderSource, site, siteSource, sources, options } = run;
  const values: Readonly<Record<string, unknown>> = options;
  const isGivenHere = (name: string) => ["flag", "environment"].includes(sources.get(name) ?? "default");
  const chosen = [...ROWS].filter(([name, row]) => isOptionOf(command, row) && isGivenHere(name));
  return [
    command,
    ...(folderSource === "profile" ? [] : [absolute(folder)]),
    ...(siteSource === "profile" || site === undefined ? [] : [site]),
    ...profileArguments(run, absolute),
    ...chosen.flatMap(([name, row]) => optionArguments(name, row, values[row.property], absolute)),
    // Nobody looks at a terminal; the log has everything.
    ...(isGivenHere("quiet") ? [] : [flagOf("quiet")]),
    ...(chosen.some(([, row]) => row.kind === "rule") ? ruleArguments(options.rules, absolute) : []),
  ];
}

/** The very file and name, so that another default place changes nothing. */
function profileArguments({ profile }: RunInvocation, absolute: Absolute): string[] {
  return profile === undefined
    ? []
    : [flagOf("config"), absolute(profile.file), ...pair(flagOf("profile"), profile.name)];
}

const STATED_APART = ["config", "profile"];

function optionArguments(name: string, row: Row, value: unknown, absolute: Absolute): string[] {
  if (row.kind === "rule" || STATED_APART.includes(name)) return [];
  const flag = flagOf(name);
  // The default is said as well: a profile may say otherwise.
  if (row.kind === "switch") return [value === row.default ? `${flag}=off` : flag];
  const written = row.type.format(value);
  return pair(flag, row.isPath && written !== "-" ? absolute(written) : written);
}

function ruleArguments(rules: readonly Rule[], absolute: Absolute): string[] {
  return rules.flatMap(({ kind, value }) => pair(flagOf(kind), kind === "ignore-file" ? absolute(value) : value));
}

/** What begins with a dash would be taken for an option by itself. */
function pair(flag: string, value: string): string[] {
  return value.startsWith("-") && value !== "-" ? [`${flag}=${value}`] : [flag, value];
}

const FLAG = flagOf("password");
const FILE_FLAG = flagOf("password-file");

/** Where a service finds the password: in its own file, or in the profile. */
function checkPassword({ siteSource, options, sources }: RunInvocation, address: SiteAddress): void {
  const isFromProfile = (name: string) => sources.get(name) === "profile";
  const isSiteFromProfile = siteSource === "profile";
  const seen = "every program could read it in the service's definition";
  const remedy = `Give ${quote(`${FILE_FLAG} FILE`)} instead`;
  if (options.password !== undefined && !isFromProfile("password")) {
    throw new UsageError(`Cannot install a service with ${quote(FLAG)}: ${seen}. ${remedy}`, FLAG);
  }
  if (address.urlPassword !== undefined && !isSiteFromProfile) {
    throw new UsageError(`Cannot install a service with the password in SITE: ${seen}. ${remedy}`, "SITE");
  }
  const isKnown = options.passwordFile ?? options.password ?? address.urlPassword;
  if (isKnown !== undefined || isAnonymous(address.user)) return;
  const account = quote(`${address.user}@${address.host}`);
  throw new UsageError(
    `Missing the password of ${account}: a service cannot be asked, and does not see this shell's variables. Give ${quote(`${FILE_FLAG} FILE`)}`,
    FILE_FLAG,
  );
}
