import { randomBytes } from "node:crypto";
import { exitOf } from "../mirror/codes.ts";
import { createPasswordFileReader, type FoundPassword, findPassword } from "../options/credentials.ts";
import type { Environment } from "../options/environment.ts";
import type { Options } from "../options/options.ts";
import type { Asker } from "../options/prompt.ts";
import type { InitInvocation, Sources } from "../options/resolve.ts";
import { resolveSite, type SiteAddress } from "../options/site.ts";
import { createFtpSite } from "../remote/ftp.ts";
import { type ShownCertificate, SiteError } from "../remote/site.ts";
import type { Trust } from "../remote/trust.ts";
import type { ExitCode } from "../report/exit.ts";
import { trustOf } from "../settle.ts";
import { thisPlatform } from "../state/folders.ts";
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
  const sources = new Map(given);
  let typed: string | undefined;
  for (let tries = 1; ; tries++) {
    const address = resolveSite(pair.site, options, sources);
    const password = await findPassword({
      options,
      address,
      env,
      readFile: createPasswordFileReader(thisPlatform()),
      isTerminal: asker !== undefined,
      prompt: async (question) => (typed ??= (await asker?.hidden(question)) ?? ""),
    });
    if (tries === 1) password.warnings.forEach(complain);
    say(`Connecting to ${address.host}:${address.port} as ${address.user} ...`);
    try {
      const found = await lookInto(address, password.password, trustOf(address), options.timeoutMs);
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

async function lookInto(address: SiteAddress, password: string, trust: Trust, timeoutMs: number) {
  let encrypted = false;
  const { host, port, user, tls } = address;
  const site = createFtpSite({
    account: { host, port, user, password, tls: tls.mode, trust, timeoutMs },
    remoteDir: address.remoteDir,
    connections: 1,
    inPlace: false,
    limitRateBytes: Number.POSITIVE_INFINITY,
    sleep: Bun.sleep,
    now: Date.now,
    monotonicMs: () => performance.now(),
    nonce: () => randomBytes(8).toString("hex"),
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
