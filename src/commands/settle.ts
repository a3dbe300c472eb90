import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pathsInside, realFolder } from "../detect/folder.ts";
import type { RelPath } from "../detect/tree.ts";
import { createPasswordFileReader, type FoundPassword, findPassword } from "../options/credentials.ts";
import type { Environment } from "../options/environment.ts";
import type { PairInvocation, SiteInvocation } from "../options/invocation.ts";
import { placed } from "../options/profile.ts";
import { isAccountOf } from "../options/profile-account.ts";
import { promptHidden } from "../options/prompt.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "../options/site-address.ts";
import { UsageError } from "../options/usage-error.ts";
import { exposureOf } from "../process/file-access.ts";
import type { Trust } from "../remote/trust.ts";
import { behindOwnLinks } from "../report/log-link.ts";
import { keepSecret } from "../report/secrets.ts";
import { folderIdentity, mirrorIdentity, stateFolder, thisPlatform } from "../state/folders.ts";
import { hasSeenEncrypted } from "../state/mirrors.ts";
import { patternsOf, trustOf } from "./user-files.ts";

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

/** Which site is meant. */
interface IdentifiedSite {
  address: SiteAddress;
  /** Its name in manifests. */
  site: string;
  /** The state folder. */
  base: string;
}

/** Which mirror is meant. */
interface Identified extends IdentifiedSite {
  folder: string;
  id: string;
  identity: Settled["identity"];
}

/** @throws UsageError that tells the place in the configuration file, where a profile is at fault */
export function settle(invocation: PairInvocation, env: Environment): Promise<Settled> {
  return placing(invocation, () => settlePair(invocation, env));
}

/** The same for a command without FOLDER. */
export function settleSite(invocation: SiteInvocation, env: Environment): Promise<SettledSite> {
  return placing(invocation, async () => settleAddress(invocation, identifySite(invocation, env), env));
}

async function placing<T>(invocation: SiteInvocation, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UsageError ? placedInProfile(error, invocation) : error;
  }
}

function identifySite({ options, sources, site, siteSource }: SiteInvocation, env: Environment): IdentifiedSite {
  const address = resolveSite(site, options, sources, siteSource);
  const base = resolve(options.stateDir ?? stateFolder({ platform: thisPlatform(), env, home: homedir() }));
  return { address, site: siteIdentity(address), base };
}

/** @throws UsageError when SITE cannot be used */
export function identify(invocation: PairInvocation, env: Environment): Identified {
  const identified = identifySite(invocation, env);
  const { site } = identified;
  const platform = thisPlatform();
  const folder = realFolder(invocation.folder);
  const id = mirrorIdentity(folder, site, platform);
  return { ...identified, folder, id, identity: { folder: folderIdentity(folder, platform), site } };
}

/** Asks for the password when it is given nowhere. @throws UsageError */
async function settleAddress(
  { options, sources, siteSource, profile }: SiteInvocation,
  { address, base, site }: IdentifiedSite,
  env: Environment,
): Promise<SettledSite> {
  const trust = trustOf(address);
  const credentials = await findPassword({
    options,
    address,
    env,
    profileGives: new Set([
      ...(["password", "password-file"] as const).filter((name) => sources.get(name) === "profile"),
      ...(siteSource === "profile" ? (["site"] as const) : []),
    ]),
    profileIsOther: profile !== undefined && !isAccountOf(profile, address) ? profile.name : undefined,
    readFile: createPasswordFileReader(exposureOf),
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    prompt: (question) => promptHidden(question),
  });
  if (credentials.from !== "anonymous") keepSecret(credentials.password);
  return { address, trust, credentials, seenEncrypted: hasSeenEncrypted(base, site) };
}

async function settlePair(invocation: PairInvocation, env: Environment): Promise<Settled> {
  const { options } = invocation;
  const identified = identify(invocation, env);
  const { folder, id, base, identity } = identified;
  const patterns = patternsOf(options.rules);
  const settledSite = await settleAddress(invocation, identified, env);
  const directory = join(base, id);
  const { log } = options;
  const logs = log === undefined || log === "-" ? [] : [log, behindLinks(log)];
  const rotated = logs.flatMap((name) => rotatedNames(name, options.logKeep));
  const secrets = [options.passwordFile, invocation.profile?.file].filter((file) => file !== undefined);
  const own = pathsInside(folder, [...logs, ...rotated, ...secrets, base, directory]);
  return {
    ...settledSite,
    patterns,
    folder,
    directory,
    identity,
    own,
  };
}

function placedInProfile(error: UsageError, { profile, sources, siteSource }: SiteInvocation): UsageError {
  const name = error.option === "SITE" ? "site" : (error.option ?? "").replace(/^--/, "");
  const source = name === "site" ? siteSource : sources.get(name);
  return profile !== undefined && source === "profile" ? placed(error, profile, name) : error;
}

/** Where a link leads that opening the log may refuse later, with better words. */
function behindLinks(log: string): string {
  try {
    return behindOwnLinks(log);
  } catch {
    return log;
  }
}

function rotatedNames(log: string, keep: number): string[] {
  return Array.from({ length: keep }, (_, index) => `${log}.${index + 1}`);
}
