import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { wordsOf as systemWords } from "../report/system-error.ts";
import { type Exposure, type ExposureOf, wordsOf } from "./exposure.ts";
import { nearest } from "./nearest.ts";
import { type Profile, parseProfiles } from "./profile.ts";
import { flagOf } from "./row.ts";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

/** Where profiles are looked for. */
export interface ConfigPlace {
  /** The configuration file, where none is named. */
  file: string;
  home: string;
  /** Undefined when there is no such file; throws what the system says of one that cannot be read. */
  read(file: string): ConfigFile | undefined;
}

export interface ConfigFile {
  bytes: Uint8Array;
  /** Undefined where its owner alone may read it, or the system does not tell. */
  exposure: () => Exposure | undefined;
}

/** No configuration at all. */
export const NO_CONFIG: ConfigPlace = { file: "", home: "", read: () => undefined };

export interface Profiles {
  file: string;
  /** The file is there. */
  exist: boolean;
  profiles: Profile[];
  /** For the log, one line each. */
  warnings: string[];
}

/** For `ConfigPlace`. */
export function createConfigReader(exposureOf: ExposureOf): (file: string) => ConfigFile | undefined {
  return (file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return { bytes: readFileSync(file), exposure: () => exposureOf(file, stat.mode) };
  };
}

/**
 * Every profile there is. @param named the file of `--config` or its variable: that one must exist.
 * @throws UsageError
 */
export function loadProfiles(place: ConfigPlace, named?: string): Profiles {
  const file = named === undefined ? place.file : resolve(named);
  const fail = (state: string, cause?: unknown) =>
    new UsageError(`Cannot read the configuration file ${quote(file)}: ${state}`, flagOf("config"), { cause });
  let found: ConfigFile | undefined;
  try {
    found = place.read(file);
  } catch (cause) {
    throw fail(systemWords(cause), cause);
  }
  if (found === undefined) {
    if (named !== undefined) throw fail("it does not exist");
    return { file, exist: false, profiles: [], warnings: [] };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(found.bytes);
  } catch {
    throw fail("it is no UTF-8 text. Save it as UTF-8");
  }
  const profiles = parseProfiles(text, { file, home: place.home });
  const exposure = profiles.some(holdsPassword) ? found.exposure() : undefined;
  const warnings = exposure ? [`The configuration file ${quote(file)} holds a password and ${wordsOf(exposure)}`] : [];
  return { file, exist: true, profiles, warnings };
}

function holdsPassword({ given, site = "" }: Profile): boolean {
  return given.some(({ name }) => name === "password") || maskPassword(site) !== site;
}

/** The profile of that name. @throws UsageError */
export function profileNamed({ file, exist, profiles }: Profiles, name: string): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found) return found;
  const state = !exist ? "there is no such file" : `it has ${namesOf(profiles)}`;
  const near = nearest(
    name,
    profiles.map((profile) => profile.name),
  );
  const advice = near === undefined || near.edits > 2 ? "" : `. Did you mean ${quote(near.word)}?`;
  throw new UsageError(
    `Cannot find the profile ${quote(name)} in ${quote(file)}: ${state}${advice}`,
    flagOf("profile"),
  );
}

/** The only profile; undefined when there is none. @throws UsageError when one has to be named */
export function onlyProfile({ file, profiles }: Profiles): Profile | undefined {
  const [only, ...more] = profiles;
  if (more.length === 0) return only;
  throw new UsageError(`Missing --profile NAME: ${quote(file)} has ${namesOf(profiles)}`, flagOf("profile"));
}

function namesOf(profiles: readonly Profile[]): string {
  return profiles.length === 0 ? "no profile" : profiles.map(({ name }) => quote(name)).join(", ");
}
