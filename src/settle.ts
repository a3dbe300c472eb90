import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pathsInside, realFolder } from "./detect/folder.ts";
import { linesOf } from "./detect/ignore.ts";
import type { RelPath } from "./detect/tree.ts";
import { createPasswordFileReader, type FoundPassword, findPassword } from "./options/credentials.ts";
import type { Environment } from "./options/environment.ts";
import { placed } from "./options/profile.ts";
import { promptHidden } from "./options/prompt.ts";
import type { PairInvocation } from "./options/resolve.ts";
import type { Rule } from "./options/row.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "./options/site.ts";
import { UsageError } from "./options/usage-error.ts";
import type { Trust } from "./remote/trust.ts";
import { keepSecret } from "./report/secrets.ts";
import { wordsOf } from "./report/system-error.ts";
import { folderIdentity, mirrorIdentity, stateFolder, thisPlatform } from "./state/folders.ts";
import { hasSeenEncrypted } from "./state/mirrors.ts";

/** How the site is reached. */
export interface SettledSite {
  address: SiteAddress;
  trust: Trust;
  credentials: FoundPassword;
  /** This account has seen the server with TLS, in this mirror or in another. */
  seenEncrypted: boolean;
}

/** What the command line comes to, before anything is touched. */
export interface Settled extends SettledSite {
  patterns: string[];
  folder: string;
  /** The mirror's folder in the state folder. */
  directory: string;
  /** Name the mirror in its manifest. */
  identity: { folder: string; site: string };
  /** miroir's own files inside FOLDER. */
  own: ReadonlySet<RelPath>;
}

/** Which mirror is meant. */
interface Identified {
  address: SiteAddress;
  folder: string;
  id: string;
  /** The state folder. */
  base: string;
  identity: Settled["identity"];
}

/** @throws UsageError that tells the place in the configuration file, where a profile is at fault */
export async function settle(invocation: PairInvocation, env: Environment): Promise<Settled> {
  try {
    return await settleOptions(invocation, env);
  } catch (error) {
    throw error instanceof UsageError ? placedInProfile(error, invocation) : error;
  }
}

/** @throws UsageError when SITE cannot be used */
export function identify(invocation: PairInvocation, env: Environment): Identified {
  const { options, sources, siteSource } = invocation;
  const address = resolveSite(invocation.site, options, sources, siteSource);
  const platform = thisPlatform();
  const folder = realFolder(invocation.folder);
  const site = siteIdentity(address);
  const id = mirrorIdentity(folder, site, platform);
  const base = resolve(options.stateDir ?? stateFolder({ platform, env, home: homedir() }));
  return { address, folder, id, base, identity: { folder: folderIdentity(folder, platform), site } };
}

/** Asks for the password when it is given nowhere. @throws UsageError */
async function settleSite(
  invocation: PairInvocation,
  { address, base, identity }: Identified,
  env: Environment,
): Promise<SettledSite> {
  const { options, sources, siteSource } = invocation;
  const trust = trustOf(address);
  const credentials = await findPassword({
    options,
    address,
    env,
    profileGives: new Set([
      ...(["password", "password-file"] as const).filter((name) => sources.get(name) === "profile"),
      ...(siteSource === "profile" ? (["site"] as const) : []),
    ]),
    readFile: createPasswordFileReader(thisPlatform()),
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    prompt: (question) => promptHidden(question),
  });
  if (credentials.from !== "anonymous") keepSecret(credentials.password);
  return { address, trust, credentials, seenEncrypted: hasSeenEncrypted(base, identity.site) };
}

async function settleOptions(invocation: PairInvocation, env: Environment): Promise<Settled> {
  const { options } = invocation;
  const identified = identify(invocation, env);
  const { folder, id, base, identity } = identified;
  const patterns = patternsOf(options.rules);
  const settledSite = await settleSite(invocation, identified, env);
  const directory = join(base, id);
  const { log } = options;
  const logs = log === undefined || log === "-" ? [] : [log, ...rotatedNames(log, options.logKeep)];
  const secrets = [options.passwordFile, invocation.profile?.file].filter((file) => file !== undefined);
  const own = pathsInside(folder, [...logs, ...secrets, base, directory]);
  return {
    ...settledSite,
    patterns,
    folder,
    directory,
    identity,
    own,
  };
}

function placedInProfile(error: UsageError, { profile, sources, siteSource }: PairInvocation): UsageError {
  const name = error.option === "SITE" ? "site" : (error.option ?? "").replace(/^--/, "");
  const source = name === "site" ? siteSource : sources.get(name);
  return profile !== undefined && source === "profile" ? placed(error, profile, name) : error;
}

function rotatedNames(log: string, keep: number): string[] {
  return Array.from({ length: keep }, (_, index) => `${log}.${index + 1}`);
}

/** @throws UsageError */
export function trustOf({ tls }: SiteAddress): Trust {
  return {
    insecure: tls.insecure,
    ...(tls.fingerprint !== undefined && { fingerprint: tls.fingerprint }),
    ...(tls.caFile !== undefined && { authorities: readUserFile(tls.caFile, "--tls-ca") }),
  };
}

/** Lines of gitignore. @throws UsageError */
export function patternsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ kind, value }) => {
    if (kind === "ignore-file") return linesOf(readUserFile(value, "--ignore-file"));
    return [kind === "include" ? `!${value}` : value];
  });
}

function readUserFile(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read "${file}" given by ${flag}: ${wordsOf(error)}`, flag);
  }
}
