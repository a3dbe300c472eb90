import { isIPv6 } from "node:net";
import { maskPassword, quote, UsageError } from "./usage-error.ts";

/** The parts of a URL, percent-decoded; `undefined` where it does not have them. */
export interface FtpUrl {
  scheme: "ftp" | "ftpes" | "ftps";
  user: string | undefined;
  password: string | undefined;
  /** Without the brackets of an IPv6 address. */
  host: string;
  port: number | undefined;
  /** What follows the first "/": relative to the login folder unless it begins with "/" (RFC 1738 §3.2.2). */
  dir: string | undefined;
}

const SCHEMES = ["ftp", "ftpes", "ftps"] as const;

/**
 * Reads `ftp://[USER[:PASSWORD]@]HOST[:PORT][/DIR]`. Not by `new URL`, which drops dot segments, treats "#" and "?" as
 * ends, and repairs what it should refuse. Throws UsageError; the message never holds the password.
 */
export function parseFtpUrl(url: string): FtpUrl {
  const fail = (state: string) => new UsageError(`Cannot use ${quote(maskSite(url))} as SITE: ${state}`, "SITE");
  const [, schemeText, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (schemeText === undefined) {
    throw fail(
      `it does not begin with "ftp://". Write ${quote(`ftp://${maskPassword(url).replace(/^ftp(?:e?s)?:\/*/i, "")}`)}`,
    );
  }
  const scheme = SCHEMES.find((known) => known === schemeText.toLowerCase());
  if (scheme === undefined) throw fail(unknownScheme(schemeText.toLowerCase()));

  const decode = (text: string, part: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw fail(`the ${part} holds an invalid percent escape. A "%" itself is written "%25"`);
    }
  };
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf("@");
  const account = at < 0 ? undefined : authority.slice(0, at);
  const colon = account?.indexOf(":") ?? -1;
  const userText = colon < 0 ? account : account?.slice(0, colon);
  const passwordText = colon < 0 ? undefined : account?.slice(colon + 1);
  if (userText === "") throw fail('the user before "@" is empty. Write ftp://USER@HOST/DIR');
  if (passwordText === "") throw fail("the password is empty. Leave out the colon to be asked for it");

  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? [];
  const host = decode(bracketed ?? plain ?? "", "host");
  if (bracketed === undefined ? plain === undefined || portText?.includes(":") : !isIPv6(host)) {
    throw fail("the host cannot be read. An IPv6 address stands in brackets: ftp://[::1]/DIR");
  }
  if (host === "") throw fail("the host is missing. Write ftp://USER@HOST/DIR");
  if (portText !== undefined && !isPort(portText)) {
    const hint = /^\d+$/.test(portText) ? "" : '. A "/" in a user or password is written "%2F"';
    throw fail(`the port is no number from 1 to 65535${hint}`);
  }

  return {
    scheme,
    user: userText === undefined ? undefined : decode(userText, "user"),
    password: passwordText === undefined ? undefined : decode(passwordText, "password"),
    host,
    port: portText === undefined ? undefined : Number(portText),
    dir: slash < 0 || slash === rest.length - 1 ? undefined : decode(rest.slice(slash + 1), "folder"),
  };
}

/** Where the host was forgotten, the password stands in the place of a port. */
function maskSite(url: string): string {
  return maskPassword(url).replace(/^([a-z0-9+.-]+:\/\/[^:/@[\]]*):(?!\d*(?:\/|$)).*$/is, "$1:***");
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

function unknownScheme(scheme: string): string {
  if (scheme === "sftp") return "SFTP (over SSH) is another protocol. miroir speaks FTP: ftp://, ftpes:// or ftps://";
  return `${quote(`${scheme}://`)} is no FTP address. Write ftp://, ftpes:// (explicit TLS) or ftps:// (implicit TLS)`;
}
