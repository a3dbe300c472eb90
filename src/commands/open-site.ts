import { randomBytes } from "node:crypto";
import type { Options } from "../options/options.ts";
import { createFtpSite, type SiteOptions } from "../remote/ftp.ts";
import type { Account } from "../remote/session.ts";
import type { ReadableSite } from "../remote/site.ts";
import type { SettledSite } from "./settle.ts";

/** Unpredictable and never used before: names temporary files and folders. */
export const nonce = () => randomBytes(8).toString("hex");

/** Whom to be on the server. */
export function accountOf(settled: SettledSite, { timeoutMs }: Options): Account {
  const { address, credentials, trust, seenEncrypted } = settled;
  const { host, port, user } = address;
  return { host, port, user, password: credentials.password, tls: address.tls.mode, trust, timeoutMs, seenEncrypted };
}

/** The real site of a command; nothing is sent before it is used. */
export function openSite(
  settled: SettledSite,
  options: Options,
  hooks: Pick<Account, "onEncryption" | "transcribe" | "beforeSending"> &
    Pick<SiteOptions, "sleep" | "onDegraded" | "onConnected">,
): ReadableSite {
  const { onEncryption, transcribe, beforeSending, ...told } = hooks;
  return createFtpSite({
    account: { ...accountOf(settled, options), onEncryption, transcribe, beforeSending },
    remoteDir: settled.address.remoteDir,
    connections: options.connections,
    inPlace: options.inPlace,
    limitRateBytes: options.limitRateBytes,
    now: Date.now,
    monotonicMs: () => performance.now(),
    nonce,
    ...told,
  });
}
