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
import type { RunInvocation } from "./options/resolve.ts";
import type { Rule } from "./options/row.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "./options/site.ts";
import { UsageError } from "./options/usage-error.ts";
import type { Trust } from "./remote/trust.ts";
import { keepSecret } from "./report/secrets.ts";
import { wordsOf } from "./report/system-error.ts";
import { folderIdentity, mirrorIdentity, stateFolder, thisPlatform } from "./state/folders.ts";
import { hasSeenEncrypted } from "./state/mirrors.ts";

/** What the command line comes to, before anything is touched. */
export interface Settled {
  address: SiteAddress;
  trust: Trust;
  patterns: string[];
  credentials: FoundPassword;
  folder: string;
  /** The mirror's folder in the state folder. */
  directory: string;
  /** Name the mirror in its manifest. */
  identity: { folder: string; site: string };
  /** miroir's own files inside FOLDER. */
  own: ReadonlySet<RelPath>;
  /** This account has seen the server with TLS, in this mirror or in another. */
  seenEncrypted: boolean;
}

/** @throws UsageError that tells the place in the configuration file, where a profile is at fault */
export async function settle(invocation: RunInvocation, env: Environment): Promise<Settled> {
  try {
    return await settleOptions(invocation, env);
  } catch (error) {
    throw error instanceof UsageError ? placedInProfile(error, invocation) : error;
  }
}

/** Which mirror is meant. @throws UsageError when SITE cannot be used */
export function identify(invocation: RunInvocation, env: Environment) {
  const { options, sources, siteSource } = invocation;
  const address = resolveSite(invocation.site, options, sources, siteSource);
  const platform = thisPlatform();
  const folder = realFolder(invocation.folder);
  const site = siteIdentity(address);
  const id = mirrorIdentity(folder, site, platform);
  const base = resolve(options.stateDir ?? stateFolder({ platform, env, home: homedir() }));
  return { address, folder, id, base, identity: { folder: folderIdentity(folder, platform), site } };
}

async function settleOptions(invocation: RunInvocation, env: Environment): Promise<Settled> {
  const { options, sources, siteSource } = invocation;
  const { address, folder, id, base, identity } = identify(invocation, env);
  const trust = {
    insecure: options.tlsInsecure,
    ...(address.tls.fingerprint !== undefined && { fingerprint: address.tls.fingerprint }),
    ...(address.tls.caFile !== undefined && { authorities: readUserFile(address.tls.caFile, "--tls-ca") }),
  };
  const patterns = patternsOf(options.rules);
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
  const directory = join(base, id);
  const logs = options.log === "-" ? [] : [options.log, ...rotatedNames(options.log, options.logKeep)];
  const secrets = [options.passwordFile, invocation.profile?.file].filter((file) => file !== undefined);
  const own = pathsInside(folder, [...logs, ...secrets, base, directory]);
  return {
    address,
    trust,
    patterns,
    credentials,
    folder,
    directory,
    identity,
    own,
    seenEncrypted: hasSeenEncrypted(base, identity.site),
  };
}

function placedInProfile(error: UsageError, { profile, sources, siteSource }: RunInvocation): UsageError {
  const name = error.option === "SITE" ? "site" : (error.option ?? "").replace(/^--/, "");
  const source = name === "site" ? siteSource : sources.get(name);
  return profile !== undefined && source === "profile" ? placed(error, profile, name) : error;
}

function rotatedNames(log: string, keep: number): string[] {
  return Array.from({ length: keep }, (_, index) => `${log}.${index + 1}`);
}

function patternsOf(rules: readonly Rule[]): string[] {
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
