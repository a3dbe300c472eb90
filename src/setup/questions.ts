import { resolve } from "node:path";
import { whyUnusable } from "../detect/folder.ts";
import type { Environment } from "../options/environment.ts";
import { parseFtpUrl } from "../options/ftp-url.ts";
import type { InitInvocation } from "../options/invocation.ts";
import type { Options } from "../options/options.ts";
import type { Asker } from "../options/prompt.ts";
import { UsageError } from "../options/usage-error.ts";

export interface Pair {
  folder: string;
  /** Undefined when `options` hold its parts. */
  site: string | undefined;
  options: Options;
}

/** Asks for what the command line leaves open, and asks again where an answer cannot be used. */
export async function askForPair(
  { folder, site, options }: InitInvocation,
  asker: Asker,
  tell: (line: string) => void,
): Promise<Pair> {
  const knownFolder = folder ?? (await askForFolder(asker, tell));
  const completed = { ...options };
  let url = site;
  if (url === undefined && options.host === undefined) {
    url = await askForServer(asker, tell);
    if (parseFtpUrl(url).dir === undefined) {
      completed.remoteDir ??= (await asker.line("Folder on the server [where the login leads]: ")).trim() || undefined;
    }
  }
  if (options.user === undefined && (url === undefined || parseFtpUrl(url).user === undefined)) {
    completed.user = (await asker.line("Account [anonymous]: ")).trim() || "anonymous";
  }
  return { folder: knownFolder, site: url, options: completed };
}

async function askForFolder(asker: Asker, tell: (line: string) => void): Promise<string> {
  for (;;) {
    const folder = resolve((await asker.line("Folder to mirror [this one]: ")).trim() || ".");
    const unusable = whyUnusable(folder);
    if (unusable === undefined) return folder;
    tell(unusable);
  }
}

/** @returns a URL that can be read */
async function askForServer(asker: Asker, tell: (line: string) => void): Promise<string> {
  for (;;) {
    const answer = (await asker.line("FTP server, as a name or a URL: ")).trim();
    const url = answer.includes("://") ? answer : `ftp://${answer}`;
    try {
      parseFtpUrl(url);
      return url;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      tell(error.message);
    }
  }
}

/** @param standard what Enter alone says */
export async function confirm(asker: Asker, question: string, standard: boolean): Promise<boolean> {
  for (;;) {
    const answer = (await asker.line(`${question} [${standard ? "Y/n" : "y/N"}] `)).trim().toLowerCase();
    if (answer === "") return standard;
    if (["y", "yes"].includes(answer)) return true;
    if (["n", "no"].includes(answer)) return false;
  }
}

/** Without a terminal all must be known. @throws UsageError that names everything that is missing */
export function requirePair({ folder, site, options }: InitInvocation, env: Environment): Pair {
  const account = site === undefined ? undefined : parseFtpUrl(site);
  const user = options.user ?? account?.user ?? (account && "anonymous");
  const isKnown =
    [options.password, options.passwordFile, account?.password, env.MIROIR_PASSWORD || undefined].some(
      (each) => each !== undefined,
    ) || user === "anonymous";
  const missing = [
    ...(folder === undefined ? ["FOLDER"] : []),
    ...(site === undefined && options.host === undefined ? ["SITE"] : []),
    ...(site === undefined && options.host !== undefined && user === undefined ? ["--user NAME"] : []),
    ...(isKnown ? [] : ["--password-file FILE"]),
  ];
  if (folder !== undefined && missing.length === 0) return { folder, site, options };
  const usage = "miroir init FOLDER SITE --password-file FILE [--profile NAME]";
  throw new UsageError(`Missing ${missing.join(", ")}: there is no terminal to ask on. Usage: ${usage}`, missing[0]);
}
