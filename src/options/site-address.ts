import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { type FtpUrl, parseFtpUrl } from "./ftp-url.ts";
import { outranks, type Source } from "./given.ts";
import type { Sources } from "./invocation.ts";
import type { Options } from "./options.ts";
import { flagOf, variableOf } from "./row.ts";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

export interface TlsPolicy {
  mode: Options["tls"];
  /** SHA-256 of the one certificate to trust, 64 lower-case hexadecimal digits. */
  fingerprint: string | undefined;
  /** A PEM file of authorities. */
  caFile: string | undefined;
  insecure: boolean;
}

export interface SiteAddress {
  /** Lower-case ASCII; an IPv6 address without brackets. */
  host: string;
  port: number;
  user: string;
  urlPassword?: string;
  /** `""` is the login folder, a leading "/" absolute; no trailing "/", no empty segment. */
  remoteDir: string;
  tls: TlsPolicy;
}

type SiteOptions = Pick<
  Options,
  "host" | "port" | "user" | "password" | "remoteDir" | "tls" | "tlsFingerprint" | "tlsCaFile" | "tlsInsecure"
>;

const PORT = 21;
const IMPLICIT_PORT = 990;
export const USUAL_PORTS: readonly number[] = [PORT, IMPLICIT_PORT];
const SCHEME_TLS = { ftp: undefined, ftpes: "explicit", ftps: "implicit" } as const;

/**
 * Joins SITE with the options that complete it. A part that both give is the one with the higher source; where both are
 * on the command line it is a UsageError (the password apart: there the flag wins). Without `sources` all is there.
 */
export function resolveSite(
  siteUrl: string | undefined,
  options: SiteOptions,
  sources: Sources = new Map(),
  siteSource: Source = "flag",
): SiteAddress {
  const url = siteUrl === undefined ? undefined : parseFtpUrl(siteUrl);
  const choose = <T>(name: string, inUrl: T | undefined, option: T | undefined): T | undefined => {
    const source = sources.get(name) ?? "flag";
    if (inUrl === undefined || option === undefined) return inUrl ?? option;
    if (source === "flag" && siteSource === "flag") throw bothGive(name, siteUrl ?? "");
    return outranks(source, siteSource) ? option : inUrl;
  };

  const host = choose("host", url?.host, options.host);
  if (host === undefined) throw new UsageError("Missing SITE: give ftp://USER@HOST/DIR, or --host with --user", "SITE");
  const mode = tlsMode(url?.scheme, options.tls, sources.get("tls"));
  const user = choose("user", url?.user, options.user) ?? (url && "anonymous");
  if (user === undefined)
    throw new UsageError('Missing --user: "--host" needs the account to log in with', flagOf("user"));
  const urlPassword = url?.password;
  return {
    host: readHost(host, url !== undefined),
    port: choose("port", url?.port, options.port) ?? (mode === "implicit" ? IMPLICIT_PORT : PORT),
    user: requireClean(user, url?.user === undefined ? flagOf("user") : "SITE"),
    ...(urlPassword !== undefined && { urlPassword }),
    remoteDir: readFolder(choose("remote-dir", url?.dir, options.remoteDir) ?? "", url?.dir === undefined),
    tls: { mode, fingerprint: options.tlsFingerprint, caFile: options.tlsCaFile, insecure: options.tlsInsecure },
  };
}

/** The mirror's name for its site: no password, no TLS; percent-encoded, so that each site has one and each one site. */
export function siteIdentity(address: AddressParts): string {
  return urlOf("ftp", address, `:${address.port}`);
}

/** SITE as the user would write it, without a password; the usual port is left out. */
export function siteUrl(scheme: FtpUrl["scheme"], address: SiteAddress): string {
  const usual = scheme === "ftps" || address.tls.mode === "implicit" ? IMPLICIT_PORT : PORT;
  return urlOf(scheme, address, address.port === usual ? "" : `:${address.port}`);
}

type AddressParts = Pick<SiteAddress, "host" | "port" | "user" | "remoteDir">;

function urlOf(scheme: FtpUrl["scheme"], { host, user, remoteDir }: AddressParts, port: string): string {
  const shownHost = host.includes(":") ? `[${host.replace("%", "%25")}]` : host;
  const folder = remoteDir.split("/").map(encodeURIComponent).join("/");
  return `${scheme}://${encodeURIComponent(user)}@${shownHost}${port}/${folder}`;
}

function bothGive(name: string, siteUrl: string): UsageError {
  const flag = flagOf(name);
  const what = name === "host" ? "the host" : `what ${flag} gives too`;
  return new UsageError(
    `Cannot use ${quote(flag)}: SITE ${quote(maskPassword(siteUrl))} gives ${what}. Leave out one`,
    flag,
  );
}

function tlsMode(
  scheme: FtpUrl["scheme"] | undefined,
  option: TlsPolicy["mode"],
  source: Source = "flag",
): TlsPolicy["mode"] {
  const demanded = scheme && SCHEME_TLS[scheme];
  if (demanded === undefined || option === demanded || option === "auto") return demanded ?? option;
  const given: Partial<Record<Source, string>> = {
    environment: `${variableOf("tls")}=${option}`,
    profile: `tls = '${option}'`,
  };
  const refusal = `Cannot use "${given[source] ?? `--tls ${option}`}": "${scheme}://" in SITE demands ${demanded} TLS`;
  throw new UsageError(`${refusal}. Leave out one or write "ftp://"`, flagOf("tls"));
}

/** Lower-case ASCII, IDN by RFC 5891. */
export function readHost(given: string, inUrl: boolean): string {
  const origin = inUrl ? "SITE" : flagOf("host");
  const bare = /^\[(.*)\]$/s.exec(given)?.[1] ?? given;
  if (isIPv6(bare)) return bare.toLowerCase();
  const fail = (state: string) => new UsageError(`Cannot use ${quote(maskPassword(given))} as host: ${state}`, origin);
  if (given.includes("://")) throw fail("it is a URL. Give it as SITE, without --host");
  if (/^[^:]+:\d*$/.test(given)) throw fail("it holds a port. Give the port with --port");
  // domainToASCII cuts at "/", "?" and "#", and reads "127.1" as an address: only foreign letters go there.
  const plain = /^[\x21-\x7e]*$/.test(given) || /[\x00-\x2c/:-@[-^`{-\x7f]/.test(given) ? given : domainToASCII(given);
  const host = plain.toLowerCase();
  const valid = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/.test(host);
  if (!valid || host.length > 253) throw fail("expected a host name, an IPv4 address or an IPv6 address in brackets");
  return host;
}

function readFolder(given: string, isOption: boolean): string {
  const origin = isOption ? flagOf("remote-dir") : "SITE";
  const segments = requireClean(given, origin).split("/");
  if (segments.some((segment) => segment === "." || segment === "..")) {
    const state = '"." and ".." are not followed. Write the folder without them';
    throw new UsageError(`Cannot use ${quote(given)} as remote folder: ${state}`, origin);
  }
  const path = segments.filter((segment) => segment !== "").join("/");
  return given.startsWith("/") ? `/${path}` : path;
}

/** What is sent to the server in one command line. */
function requireClean(text: string, origin: string): string {
  if (!/\p{Cc}/u.test(text) && text.isWellFormed()) return text;
  throw new UsageError(
    `Cannot use ${quote(text)} from ${quote(origin)}: it holds a control character or broken text`,
    origin,
  );
}
