import { type Capabilities, parseFeatures, parseWorkingFolder } from "./features.ts";
import { type Command, isRefusal, type Pipeline, type Reply, SessionEnded } from "./pipeline.ts";
import type { Account } from "./session.ts";
import { SiteError } from "./site.ts";
import { atOnce, inTurn } from "./writes.ts";

/** A server that dropped what came behind the password is not waited for as long as for an answer. */
const AFTER_PASSWORD_MS = 10_000;

const PROTECT: readonly Command[] = [
  { text: "PBSZ 0", expects: [200] },
  { text: "PROT P", expects: [200] },
];
const SETTINGS: readonly Command[] = [
  { text: "FEAT", expects: [211] },
  // Pure ASCII servers refuse this, others speak UTF-8 without being asked.
  { text: "OPTS UTF8 ON", expects: [200, 202, 220, 250] },
  { text: "TYPE I", expects: [200] },
  { text: "PWD", expects: [257] },
];

/** The session ended over commands that were written behind the password: sent one at a time they may pass. */
export class LoginStumbled extends SessionEnded {}

export async function ask(pipeline: Pipeline, command: Command): Promise<Reply> {
  const [reply] = await pipeline.exchange([command]);
  if (!reply) throw new Error(`no reply to ${command.text}`);
  return reply;
}

export interface LoggedIn {
  capabilities: Capabilities;
  loginFolder: string | undefined;
  isPasswordWanted: boolean;
}

/**
 * Logs in and sets binary mode, in two writes: what can be known before the password (whether files will be
 * encrypted, whether the name is taken), then the password with all settings behind it. Once a session has shown that
 * the password is wanted, the next ones send all that in one.
 * @throws SiteError `login`, `tls`, LoginStumbled
 */
export async function logIn(
  pipeline: Pipeline,
  account: Account,
  { encrypted, greeting }: { encrypted: boolean; greeting: string },
): Promise<LoggedIn> {
  const { oneByOne = false, isPasswordWanted = false } = account;
  const send = (commands: readonly Command[]) => (oneByOne ? inTurn : atOnce)(pipeline, commands);
  const name: Command = { text: `USER ${account.user}`, expects: [230, 232, 331, 332] };
  const { naming, passing } = pipeline.together(() => ({
    naming: send(encrypted ? [...PROTECT, name] : [name]),
    passing: isPasswordWanted && !oneByOne ? startPassing(pipeline, SETTINGS, account) : undefined,
  }));
  const named = await (passing ? stumbling(naming) : naming);
  const isProtected = !encrypted || isTaken(named[1], account);
  if (passing && !isProtected) throw new LoginStumbled(new Error("PROT P came too soon"));
  const answer = named.at(-1);
  const settings = isProtected ? SETTINGS : [...PROTECT, ...SETTINGS];
  let replies: Reply[];
  if (answer?.code !== 331) {
    checkLogin(answer, account);
    replies = await (passing ? stumbling(passing.set) : send(settings));
  } else if (oneByOne) {
    replies = await passInTurn(pipeline, settings, account);
  } else {
    replies = await stumbling(letIn(passing ?? startPassing(pipeline, settings, account), account));
  }
  const [feat, , type, workingFolder] = replies.slice(-SETTINGS.length);
  if (!isProtected && replies[1] && isRefusal(replies[1])) throw unprotected(account.host, replies[1]);
  if (type && isRefusal(type)) throw notBinary(type);
  const capabilities = parseFeatures(feat && !isRefusal(feat) ? feat.lines.slice(1, -1) : undefined, greeting);
  const isTold = workingFolder && !isRefusal(workingFolder);
  return {
    capabilities: oneByOne ? { ...capabilities, listsAtOnce: false } : capabilities,
    loginFolder: isTold ? parseWorkingFolder(workingFolder.text) : undefined,
    isPasswordWanted: answer?.code === 331 && isProtected,
  };
}

/** Whether PROT P was taken. Some servers take it from those that are logged in only. @throws SiteError `tls` */
function isTaken(reply: Reply | undefined, account: Account): boolean {
  const comesTooSoon = reply?.code === 530 || reply?.code === 503;
  if (reply && isRefusal(reply) && !comesTooSoon) throw unprotected(account.host, reply);
  return !comesTooSoon;
}

const passwordOf = (account: Account): Command => ({ text: `PASS ${account.password}`, expects: [202, 230, 332] });

async function passInTurn(pipeline: Pipeline, settings: readonly Command[], account: Account) {
  checkLogin(await ask(pipeline, passwordOf(account)), account);
  return inTurn(pipeline, settings);
}

interface Passing {
  passed: Promise<Reply[]>;
  set: Promise<Reply[]>;
}

/** Writes the password with the settings behind it. */
function startPassing(pipeline: Pipeline, settings: readonly Command[], account: Account): Passing {
  const passing = pipeline.together(() => ({
    passed: pipeline.exchange([passwordOf(account)]),
    set: pipeline.exchange(settings, Math.min(account.timeoutMs, AFTER_PASSWORD_MS)),
  }));
  // Looked at later; after a refused name or password nobody cares.
  for (const each of [passing.passed, passing.set]) each.catch(() => {});
  return passing;
}

async function letIn({ passed, set }: Passing, account: Account): Promise<Reply[]> {
  checkLogin((await passed)[0], account);
  return set;
}

/** Of commands that were sent at once: an end of the session may be their doing. */
async function stumbling(replies: Promise<Reply[]>): Promise<Reply[]> {
  try {
    return await replies;
  } catch (error) {
    throw error instanceof SessionEnded && error.code !== 421 ? new LoginStumbled(error) : error;
  }
}

/** @throws SiteError `login` unless the reply lets us in */
function checkLogin(reply: Reply | undefined, account: Account): void {
  if (!reply) throw new Error("no reply to the login");
  if (reply.code === 332) {
    throw new SiteError(
      `Cannot log in to "${account.host}": the server asks for an ACCT account, which miroir does not have`,
      {
        kind: "fatal",
        reason: "login",
        code: reply.code,
      },
    );
  }
  if (!isRefusal(reply)) return;
  throw (
    tooMany(reply) ??
    new SiteError(
      `Cannot log in to "${account.host}" as "${account.user}": the server answered "${withoutSecret(reply.text, account.password)}". ` +
        "Check the user and the password",
      { kind: reply.code < 500 ? "transient" : "fatal", reason: "login", code: reply.code },
    )
  );
}

/** RFC 4217 §9: a server that will not protect data connections is not used at all. */
function unprotected(host: string, reply: Reply): SiteError {
  return new SiteError(
    `Cannot encrypt the files sent to "${host}": the server answered "${reply.text}" to PROT P. Nothing was sent; --tls off would send all in clear`,
    { kind: "fatal", reason: "tls", code: reply.code },
  );
}

function notBinary(reply: Reply): SiteError {
  return new SiteError(`Cannot use the server: it answered "${reply.text}" to TYPE I (binary mode)`, {
    kind: reply.code < 500 ? "transient" : "fatal",
    reason: "unsupported",
    code: reply.code,
  });
}

/** Hosters limit the sessions of an account and say so with 421 or 530, in words of their own. */
export function tooMany(reply: Reply): SiteError | undefined {
  const isLimit = /too many|maximum|limit|already logged|simultaneous|max(imum)? (number|connections)/i.test(
    reply.text,
  );
  if (reply.code !== 421 && !isLimit) return undefined;
  return new SiteError(`The server takes no further session: ${reply.text}`, {
    kind: "transient",
    reason: "connection",
    code: reply.code,
  });
}

/** Some servers repeat the password in their refusal. */
function withoutSecret(text: string, secret: string): string {
  return secret === "" ? text : text.replaceAll(secret, "***");
}
