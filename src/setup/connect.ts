import { homedir } from "node:os";
import { resolve } from "node:path";
import { openSite } from "../commands/open-site.ts";
import type { SettledSite } from "../commands/settle.ts";
import { trustOf } from "../commands/user-files.ts";
import { exitOf } from "../mirror/codes.ts";
import { createPasswordFileReader, type FoundPassword, findPassword } from "../options/credentials.ts";
import type { Environment } from "../options/environment.ts";
import type { InitInvocation, Sources } from "../options/invocation.ts";
import type { Options } from "../options/options.ts";
import type { Asker } from "../options/prompt.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "../options/site-address.ts";
import { exposureOf } from "../process/file-access.ts";
import { type ShownCertificate, SiteError } from "../remote/site.ts";
import type { ExitCode } from "../report/exit.ts";
import { keepSecret } from "../report/secrets.ts";
import { stateFolder, thisPlatform } from "../state/folders.ts";
import { hasSeenEncrypted } from "../state/mirrors.ts";
import { confirm, type Pair } from "./questions.ts";

/** A refused password may be typed again so often. */
const LOGIN_TRIES = 3;

/** What the server was found to accept. */
export interface Connected {
  address: SiteAddress;
  password: FoundPassword;
  options: Options;
  /** A certificate that was accepted counts as given on the command line. */
  sources: Sources;
  encrypted: boolean;
  /** What the remote folder holds at its top; undefined when it does not exist. */
  entries: number | undefined;
}

export interface Telling {
  say(line: string): void;
  complain(message: string): void;
}

/**
 * Connects, logs in and looks into the remote folder; changes nothing. Somebody at the terminal may accept the
 * certificate and type the password again. @throws UsageError, InterruptedError
 */
export async function connect(
  pair: Pair,
  { sources: given }: InitInvocation,
  env: Environment,
  asker: Asker | undefined,
  { say, complain }: Telling,
): Promise<Connected | { refused: ExitCode }> {
  let { options } = pair;
  const base = resolve(options.stateDir ?? stateFolder({ platform: thisPlatform(), env, home: homedir() }));
  const seen = (address: SiteAddress) => hasSeenEncrypted(base, siteIdentity(address));
  const sources = new Map(given);
  let typed: string | undefined;
  for (let tries = 1; ; tries++) {
    const address = resolveSite(pair.site, options, sources);
    const password = await findPassword({
      options,
      address,
      env,
      readFile: createPasswordFileReader(exposureOf),
      isTerminal: asker !== undefined,
      prompt: async (question) => (typed ??= (await asker?.hidden(question)) ?? ""),
    });
    if (password.from !== "anonymous") keepSecret(password.password);
    if (tries === 1) password.warnings.forEach(complain);
    say(`Connecting to ${address.host}:${address.port} as ${address.user} ...`);
    try {
      const settled = { address, credentials: password, trust: trustOf(address), seenEncrypted: seen(address) };
      const found = await lookInto(settled, options);
      return { address, password, options, sources, ...found };
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      if (error.certificate && asker && (await isBelieved(error.certificate, address.host, asker, say))) {
        options = { ...options, tlsFingerprint: error.certificate.fingerprint };
        sources.set("tls-fingerprint", "flag");
        continue;
      }
      complain(error.message);
      if (error.reason !== "login" || typed === undefined || tries >= LOGIN_TRIES) return { refused: exitOf(error) };
      typed = undefined;
    }
  }
}

function isBelieved(shown: ShownCertificate, host: string, asker: Asker, say: Telling["say"]): Promise<boolean> {
  say(`The certificate of ${host} cannot be checked: ${shown.why}. It says:`);
  say(`  subject      ${shown.subject}`);
  say(`  issuer       ${shown.issuer}`);
  say(`  valid        ${shown.validFrom} to ${shown.validTo}`);
  say(`  fingerprint  ${shown.fingerprint}`);
  say("Compare the fingerprint (SHA-256) with the one the server's own settings show.");
  return confirm(asker, "Trust this certificate, and no other?", false);
}

async function lookInto(settled: SettledSite, options: Options) {
  let encrypted = false;
  const site = openSite(settled, options, {
    sleep: Bun.sleep,
    onDegraded: () => {},
    onConnected: (session) => {
      encrypted = session.encrypted;
    },
  });
  try {
    await site.open(false);
    const { entries } = await site.list("");
    return { encrypted, entries: entries.length };
  } catch (error) {
    if (error instanceof SiteError && error.reason === "missing") return { encrypted, entries: undefined };
    throw error;
  } finally {
    await site.close();
  }
}
