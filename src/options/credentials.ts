import { open } from "node:fs/promises";
import { wordsOf as systemWords } from "../report/system-error.ts";
import type { Environment } from "./environment.ts";
import { type Exposure, type ExposureOf, wordsOf } from "./exposure.ts";
import type { Options } from "./options.ts";
import { flagOf, variableOf } from "./row.ts";
import type { SiteAddress } from "./site-address.ts";
import { quote, UsageError } from "./usage-error.ts";

export interface PasswordFile {
  bytes: Uint8Array;
  /** Undefined where its owner alone may read it, or the system does not tell. */
  exposure: Exposure | undefined;
}

export interface PasswordSources {
  options: Pick<Options, "password" | "passwordFile">;
  address: Pick<SiteAddress, "host" | "user" | "urlPassword">;
  /** The options that a profile gave; what it gives ranks below the environment. */
  profileGives?: ReadonlySet<"password" | "password-file" | "site">;
  /** The name of a profile that is about another account: its password is not for this one. */
  profileIsOther?: string | undefined;
  env: Environment;
  readFile(path: string): Promise<PasswordFile>;
  /** Somebody can be asked. */
  isTerminal: boolean;
  /** Asks without echo. */
  prompt(question: string): Promise<string>;
}

export interface FoundPassword {
  password: string;
  from: "flag" | "file" | "url" | "environment" | "profile" | "prompt" | "anonymous";
  /** For the log, one line each. */
  warnings: string[];
}

const FLAG = flagOf("password");
const FILE_FLAG = flagOf("password-file");
const VARIABLE = variableOf("password");
const ANONYMOUS_USERS = ["anonymous", "ftp"];

/**
 * The first of: flag, file, SITE, environment, the same three in the profile, what somebody at the terminal types.
 * Throws UsageError when there is none or it cannot be sent; the message never holds it.
 */
export async function findPassword(sources: PasswordSources): Promise<FoundPassword> {
  const { options, address, env, profileGives = new Set(), profileIsOther } = sources;
  const { password, passwordFile } = options;
  const { urlPassword } = address;
  if (password !== undefined && !profileGives.has("password")) return found("flag", password, FLAG, [seenByAll(FLAG)]);
  if (passwordFile !== undefined && !profileGives.has("password-file")) return fromFile(passwordFile, sources.readFile);
  if (urlPassword !== undefined && !profileGives.has("site")) {
    return found("url", urlPassword, "SITE", [seenByAll("SITE")]);
  }
  const variable = env[VARIABLE];
  if (variable !== undefined && variable !== "") return found("environment", variable, VARIABLE);
  if (profileIsOther === undefined) {
    if (password !== undefined) return found("profile", password, "password");
    if (passwordFile !== undefined) return fromFile(passwordFile, sources.readFile);
    if (urlPassword !== undefined) return found("profile", urlPassword, "SITE");
  }
  if (isAnonymous(address.user)) return found("anonymous", "anonymous@", "SITE");

  const account = `${address.user}@${address.host}`;
  if (!sources.isTerminal) {
    const remedy = `Give ${FILE_FLAG} FILE or set ${VARIABLE}`;
    const other =
      profileIsOther === undefined ? "" : `that of the profile ${quote(profileIsOther)} is for another, and `;
    const state = `${other}there is no terminal to ask on`;
    throw new UsageError(`Missing the password of ${quote(account)}: ${state}. ${remedy}`, FLAG);
  }
  const typed = await sources.prompt(`Password for ${account}: `);
  if (typed === "") throw new UsageError(`Missing the password of ${quote(account)}: nothing was typed`, FLAG);
  return found("prompt", typed, "the prompt");
}

/** Any password will do. */
export function isAnonymous(user: string): boolean {
  return ANONYMOUS_USERS.includes(user.toLowerCase());
}

/** For `findPassword`. A pipe (`<(pass show site)`) is read as well. */
export function createPasswordFileReader(exposureOf: ExposureOf): (path: string) => Promise<PasswordFile> {
  return async (path) => {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      return { bytes: await file.readFile(), exposure: exposureOf(path, mode) };
    } finally {
      await file.close();
    }
  };
}

async function fromFile(path: string, readFile: PasswordSources["readFile"]): Promise<FoundPassword> {
  const fail = (state: string, cause?: unknown) =>
    new UsageError(`Cannot read the password file ${quote(path)}: ${state}`, FILE_FLAG, { cause });
  const { bytes, exposure } = await readFile(path).catch((cause: unknown) => {
    throw fail(systemWords(cause), cause);
  });
  let content: string;
  try {
    // It also takes the byte order mark away.
    content = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fail("it is no UTF-8 text. Save it as UTF-8");
  }
  const [password = ""] = content.split(/\r*\n/, 1);
  if (password.replace(/\r+$/, "") === "") throw fail("its first line is empty. Write the password there");
  const warnings: string[] = [];
  if (exposure !== undefined) warnings.push(`The password file ${quote(path)} ${wordsOf(exposure)}`);
  return found("file", password.replace(/\r+$/, ""), path, warnings);
}

function found(from: FoundPassword["from"], password: string, origin: string, warnings: string[] = []): FoundPassword {
  if (!/[\r\n\0]/.test(password)) return { password, from, warnings };
  throw new UsageError(`Cannot use the password from ${quote(origin)}: it holds a line break or a NUL`, origin);
}

function seenByAll(origin: string): string {
  const where = "can be read in the process list and in the history of shells";
  return `The password in ${quote(origin)} ${where}: use ${FILE_FLAG} or ${VARIABLE} instead`;
}
