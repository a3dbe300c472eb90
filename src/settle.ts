import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pathsInside, realFolder } from "./detect/folder.ts";
import { linesOf } from "./detect/ignore.ts";
import type { RelPath } from "./detect/tree.ts";
import { createPasswordFileReader, type FoundPassword, findPassword } from "./options/credentials.ts";
import type { Environment } from "./options/environment.ts";
import { promptHidden } from "./options/prompt.ts";
import type { RunInvocation } from "./options/resolve.ts";
import type { Rule } from "./options/row.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "./options/site.ts";
import { UsageError } from "./options/usage-error.ts";
import type { Trust } from "./remote/trust.ts";
import { wordsOf } from "./report/system-error.ts";
import { folderIdentity, mirrorIdentity, stateFolder, thisPlatform } from "./state/folders.ts";

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
}

/** @throws UsageError */
export async function settle(invocation: RunInvocation, env: Environment): Promise<Settled> {
  const { options } = invocation;
  const address = resolveSite(invocation.site, options, invocation.sources);
  const platform = thisPlatform();
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
    readFile: createPasswordFileReader(platform),
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    prompt: (question) => promptHidden(question),
  });
  const folder = realFolder(invocation.folder);
  const site = siteIdentity(address);
  const base = resolve(options.stateDir ?? stateFolder({ platform, env, home: homedir() }));
  const directory = join(base, mirrorIdentity(folder, site, platform));
  const logs = options.log === "-" ? [] : [options.log, ...rotatedNames(options.log, options.logKeep)];
  const secrets = options.passwordFile === undefined ? [] : [options.passwordFile];
  const own = pathsInside(folder, [...logs, ...secrets, base, directory]);
  return {
    address,
    trust,
    patterns,
    credentials,
    folder,
    directory,
    identity: { folder: folderIdentity(folder, platform), site },
    own,
  };
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
