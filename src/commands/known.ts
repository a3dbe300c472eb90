import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../options/environment.ts";
import type { ManageInvocation, PairInvocation } from "../options/invocation.ts";
import { type ConfigPlace, loadProfiles } from "../options/profiles.ts";
import { parseCommandLine } from "../options/resolve.ts";
import { UsageError } from "../options/usage-error.ts";
import { StateError } from "../state/errors.ts";
import { stateFolder, thisPlatform } from "../state/folders.ts";
import { type KnownMirror, knownMirrors } from "../state/mirrors.ts";
import { identify } from "./settle.ts";

export interface KnownHere {
  mirrors: KnownMirror[];
  /** Why profiles are left out, in one line. */
  complaint: string | undefined;
}

/**
 * The mirrors of this account: in the state folder that is given, otherwise in the system's place and in those that
 * profiles name. Each bears the names of the profiles that mean it.
 * @throws UsageError when a configuration file that was named, or a state folder, cannot be used
 */
export function mirrorsHere({ options }: ManageInvocation, env: Environment, config: ConfigPlace): KnownHere {
  const { stateDir, configFile } = options;
  const runs: PairInvocation[] = [];
  let complaint: string | undefined;
  try {
    for (const { name } of loadProfiles(config, configFile).profiles) {
      const run = runOf(name, configFile, env, config);
      if (run) runs.push(run);
    }
  } catch (error) {
    if (!(error instanceof UsageError) || configFile !== undefined) throw error;
    complaint = error.message;
  }
  const profiles = new Map<string, string[]>();
  for (const run of runs) {
    const { id } = identify(run, env);
    profiles.set(id, [...(profiles.get(id) ?? []), run.profile?.name ?? ""]);
  }
  const usual = stateFolder({ platform: thisPlatform(), env, home: homedir() });
  const others = runs.map((run) => run.options.stateDir).filter((dir) => dir !== undefined);
  const bases = new Set([stateDir ?? usual, ...(stateDir === undefined ? others : [])].map((base) => resolve(base)));
  const mirrors = [...bases].flatMap(mirrorsIn);
  const known = new Map(mirrors.map((mirror) => [mirror.id, mirror]));
  // Whoever asks about one state folder does not ask about profiles.
  for (const run of stateDir === undefined ? runs : []) {
    const unused = unusedMirror(run, env);
    if (!known.has(unused.id)) known.set(unused.id, unused);
  }
  const named = [...known.values()].map((mirror) => ({ ...mirror, profiles: profiles.get(mirror.id) ?? [] }));
  return { mirrors: named, complaint };
}

/** @throws UsageError */
function mirrorsIn(base: string): KnownMirror[] {
  try {
    return knownMirrors(base);
  } catch (error) {
    throw error instanceof StateError ? new UsageError(error.message, "--state-dir", { cause: error }) : error;
  }
}

/** What a profile is about that was never run. */
function unusedMirror(run: PairInvocation, env: Environment): KnownMirror {
  const { id, base, identity } = identify(run, env);
  const status = { ...identity, told: [] };
  return {
    id,
    directory: join(base, id),
    status,
    holder: undefined,
    run: undefined,
    profiles: [run.profile?.name ?? ""],
  };
}

/** What `miroir watch --profile NAME` would be; undefined for a profile that is a part of one only. */
function runOf(name: string, configFile: string | undefined, env: Environment, place: ConfigPlace) {
  const config = configFile === undefined ? [] : ["--config", configFile];
  try {
    const invocation = parseCommandLine(["watch", `--profile=${name}`, "--log", "-", ...config], env, place);
    if (!("folderSource" in invocation)) return undefined;
    identify(invocation, env);
    return invocation;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
