import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Sources } from "../../src/options/invocation.ts";
import { type Options, ROWS } from "../../src/options/options.ts";
import { resolveSite, type SiteAddress, siteIdentity } from "../../src/options/site-address.ts";
import { UsageError } from "../../src/options/usage-error.ts";

function options(given: Partial<Options> = {}): Options {
  const values = Object.fromEntries(
    [...ROWS.values()].map((row) => [row.property, "default" in row ? row.default : undefined]),
  );
  return { ...(values as Options), ...given };
}

function refusal(url: string | undefined, given: Partial<Options> = {}): string {
  try {
    resolveSite(url, options(given));
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`not refused: ${url}`);
}

describe("resolveSite() reads a URL", () => {
  const plain = { port: 21, user: "anonymous", remoteDir: "" };

  test.each<[string, Partial<SiteAddress>]>([
    ["ftp://host", { ...plain, host: "host" }],
    ["ftp://host/", plain],
    ["FTP://Host.Example", { host: "host.example" }],
    ["ftp://alice@h", { user: "alice" }],
    ["ftp://alice:pw@h:2121/www", { user: "alice", urlPassword: "pw", port: 2121, remoteDir: "www" }],
    ["ftp://a%40b:p%2F%3A%25@h", { user: "a@b", urlPassword: "p/:%" }],
    ["ftp://alice:p@w:d@h", { user: "alice", urlPassword: "p@w:d" }],
    ["ftp://alice:p#?@h/d", { urlPassword: "p#?", remoteDir: "d" }],
    ["ftp://h/a/b/", { remoteDir: "a/b" }],
    ["ftp://h//var/www/", { remoteDir: "/var/www" }],
    ["ftp://h/%2Fvar/www", { remoteDir: "/var/www" }],
    ["ftp://h/%2fvar%2Fwww", { remoteDir: "/var/www" }],
    ["ftp://h//", { remoteDir: "/" }],
    ["ftp://h///a//b", { remoteDir: "/a/b" }],
    ["ftp://h/a%20b/ü%C3%BC", { remoteDir: "a b/üü" }],
    ["ftp://h/a#b?c;type=d", { remoteDir: "a#b?c;type=d" }],
    ["ftp://h/a+b", { remoteDir: "a+b" }],
    ["ftp://h/...", { remoteDir: "..." }],
    ["ftp://[::1]:2121/x", { host: "::1", port: 2121 }],
    ["ftp://[2001:DB8::1]", { host: "2001:db8::1", port: 21 }],
    ["ftp://192.168.0.1", { host: "192.168.0.1" }],
    ["ftp://nas_1.local", { host: "nas_1.local" }],
    ["ftp://MÜNCHEN.example", { host: "xn--mnchen-3ya.example" }],
    ["ftp://m%C3%BCnchen.example", { host: "xn--mnchen-3ya.example" }],
  ])("%s", (url, want) => expect(resolveSite(url, options())).toMatchObject(want));

  test("without a password there is none in the address", () => {
    expect(resolveSite("ftp://alice@h", options())).not.toContainKey("urlPassword");
  });

  test.each<[string, string]>([
    ["host/dir", 'Write "ftp://host/dir"'],
    ["ftp:/host/dir", 'Write "ftp://host/dir"'],
    ["alice:hunter2@host/dir", 'Write "ftp://alice:***@host/dir"'],
    ["sftp://alice:hunter2@h", "SFTP (over SSH) is another protocol"],
    ["https://h/dir", '"https://" is no FTP address'],
    ["ftp://", "the host is missing"],
    ["ftp:///dir", "the host is missing"],
    ["ftp://alice@", "the host is missing"],
    ["ftp://h:", "the port is no number from 1 to 65535"],
    ["ftp://h:0", "the port is no number from 1 to 65535"],
    ["ftp://h:65536", "the port is no number from 1 to 65535"],
    ["ftp://h:+1", "the port is no number from 1 to 65535"],
    ["ftp://alice:hunter2", 'Cannot use "ftp://alice:***" as SITE'],
    ["ftp://alice:hunter2/x@h/d", 'is written "%2F"'],
    ["ftp://::1/x", "An IPv6 address stands in brackets"],
    ["ftp://[::1/x", "An IPv6 address stands in brackets"],
    ["ftp://[host]/x", "An IPv6 address stands in brackets"],
    ["ftp://[::1]x/", "An IPv6 address stands in brackets"],
    ["ftp://@h", "the user before"],
    ["ftp://:hunter2@h", "the user before"],
    ["ftp://alice:@h", "the password is empty"],
    ["ftp://h/%zz", "the folder holds an invalid percent escape"],
    ["ftp://h/100%", 'A "%" itself is written "%25"'],
    ["ftp://h/%FF", "the folder holds an invalid percent escape"],
    ["ftp://alice:hunter2%@h", "the password holds an invalid percent escape"],
    ["ftp://%@h", "the user holds an invalid percent escape"],
    ["ftp://a%0D%0Ab@h", "it holds a control character"],
    ["ftp://h/a%00", "it holds a control character"],
    ["ftp://h/a\nb", "it holds a control character"],
    ["ftp://h%0A/", "expected a host name"],
    ["ftp://h%2Fx/", "expected a host name"],
    ["ftp://ü%2Fx/", "expected a host name"],
    ["ftp://h b/", "expected a host name"],
    ["ftp://-h/", "expected a host name"],
    ["ftp://a..b/", "expected a host name"],
    ["ftp://h/../x", '"." and ".." are not followed'],
    ["ftp://h/a/%2E%2e", '"." and ".." are not followed'],
    ["ftp://h/./a", '"." and ".." are not followed'],
  ])("or refuses %j", (url, want) => {
    expect(refusal(url)).toContain(want);
    expect(refusal(url)).not.toContain("hunter2");
    expect(refusal(url)).not.toMatch(/[\r\n]/);
  });
});

describe("resolveSite() and --tls", () => {
  test.each<{ url: string; tls: Options["tls"]; mode: Options["tls"]; port: number }>([
    { url: "ftp://h", tls: "auto", mode: "auto", port: 21 },
    { url: "ftp://h", tls: "off", mode: "off", port: 21 },
    { url: "ftp://h", tls: "implicit", mode: "implicit", port: 990 },
    { url: "ftp://h:21", tls: "implicit", mode: "implicit", port: 21 },
    { url: "ftpes://h", tls: "auto", mode: "explicit", port: 21 },
    { url: "ftpes://h", tls: "explicit", mode: "explicit", port: 21 },
    { url: "ftps://h", tls: "auto", mode: "implicit", port: 990 },
    { url: "FTPS://h:2990", tls: "implicit", mode: "implicit", port: 2990 },
  ])("$url with --tls $tls", ({ url, tls, mode, port }) => {
    const address = resolveSite(url, options({ tls }));
    expect([address.tls.mode, address.port]).toEqual([mode, port]);
  });

  test.each<[string, Options["tls"]]>([
    ["ftpes://h", "off"],
    ["ftpes://h", "implicit"],
    ["ftps://h", "off"],
    ["ftps://h", "explicit"],
  ])("%s contradicts --tls %s", (url, tls) => expect(refusal(url, { tls })).toContain(`Cannot use "--tls ${tls}"`));

  test.each([
    { source: "environment", want: 'Cannot use "MIROIR_TLS=off": "ftpes://" in SITE demands explicit TLS' },
    { source: "profile", want: `Cannot use "tls = 'off'": "ftpes://" in SITE demands explicit TLS` },
  ] as const)("a --tls of the $source by its own name", ({ source, want }) => {
    const sources = new Map([["tls", source]]);
    expect(() => resolveSite("ftpes://h", options({ tls: "off" }), sources)).toThrow(want);
  });
});

describe("resolveSite() joins SITE with options", () => {
  test("which complete it", () => {
    const given = { user: "bob", port: 2121, remoteDir: "/var/www/" };
    expect(resolveSite("ftp://h/", options(given))).toMatchObject({ ...given, host: "h", remoteDir: "/var/www" });
  });

  test.each<{ url: string; given: Partial<Options>; flag: string }>([
    { url: "ftp://h", given: { host: "other" }, flag: "--host" },
    { url: "ftp://h:21", given: { port: 21 }, flag: "--port" },
    { url: "ftp://alice@h", given: { user: "alice" }, flag: "--user" },
    { url: "ftp://alice:hunter2@h/a", given: { remoteDir: "a" }, flag: "--remote-dir" },
  ])("which must not repeat it: $flag", ({ url, given, flag }) => {
    expect(refusal(url, given)).toContain(`Cannot use "${flag}": SITE`);
    expect(refusal(url, given)).not.toContain("hunter2");
  });

  test("which lose against it when they come from the environment", () => {
    const sources: Sources = new Map([
      ["host", "environment"],
      ["user", "environment"],
    ]);
    const given = options({ host: "other", user: "bob" });
    expect(resolveSite("ftp://alice@h", given, sources)).toMatchObject({ host: "h", user: "alice" });
    expect(resolveSite("ftp://h", given, sources)).toMatchObject({ host: "h", user: "bob" });
  });

  test("or with options alone, taken literally", () => {
    const given = { host: "NAS", user: "a%40b", remoteDir: "/a%20b/c#" };
    expect(resolveSite(undefined, options(given))).toMatchObject({ ...given, host: "nas", port: 21 });
  });

  test.each(["[::1]", "::1"])("--host %s", (host) => {
    expect(resolveSite(undefined, options({ host, user: "a" })).host).toBe("::1");
  });

  test.each<{ given: Partial<Options>; want: string }>([
    { given: {}, want: "Missing SITE" },
    { given: { host: "h" }, want: "Missing --user" },
    { given: { host: "h:21", user: "a" }, want: "Give the port with --port" },
    { given: { host: "ftp://h", user: "a" }, want: "Give it as SITE" },
    { given: { host: "h/www", user: "a" }, want: "expected a host name" },
    { given: { host: "[h]", user: "a" }, want: "expected a host name" },
    { given: { host: "h", user: "a\r\nDELE x" }, want: 'from "--user": it holds a control character' },
    { given: { host: "h", user: "a", remoteDir: "\ud800" }, want: 'from "--remote-dir"' },
    { given: { host: "h", user: "a", remoteDir: "a/../b" }, want: '"." and ".." are not followed' },
  ])("or refuses $given", ({ given, want }) => expect(refusal(undefined, given)).toContain(want));
});

describe("siteIdentity()", () => {
  test.each<[string, string]>([
    ["ftps://Alice:pw@Host.Example:21/www/", "ftp://Alice@host.example:21/www"],
    ["ftpes://alice@h", "ftp://alice@h:21/"],
    ["ftp://alice@h//var/www", "ftp://alice@h:21//var/www"],
    ["ftp://alice@h//", "ftp://alice@h:21//"],
    ["ftp://a%40b@[::1]:2121/a%20b", "ftp://a%40b@[::1]:2121/a%20b"],
    ["ftp://[fe80::1%25eth0]/", "ftp://anonymous@[fe80::1%25eth0]:21/"],
  ])("of %s is %s", (url, want) => expect(siteIdentity(resolveSite(url, options()))).toBe(want));

  const printable = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/\p{Cc}|\//u.test(text));
  const segment = printable.filter((text) => text !== "." && text !== "..");
  const address = fc.record({
    host: fc.constantFrom("h", "host.example", "::1", "10.0.0.1"),
    port: fc.integer({ min: 1, max: 65535 }),
    user: printable,
    remoteDir: fc
      .tuple(fc.boolean(), fc.array(segment, { maxLength: 4 }))
      .map(([absolute, segments]) => (absolute ? "/" : "") + segments.join("/")),
  });

  test("is a URL that leads back to the same address", () => {
    fc.assert(
      fc.property(address, (given) => expect(resolveSite(siteIdentity(given), options())).toMatchObject(given)),
      { numRuns: 500 },
    );
  });

  test("a URL of encoded parts gives them back, password included", () => {
    fc.assert(
      fc.property(printable, printable, (user, password) => {
        const url = `ftp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h/`;
        expect(resolveSite(url, options())).toMatchObject({ user, urlPassword: password });
      }),
      { numRuns: 500 },
    );
  });

  test("anything else is an address or a UsageError of one line", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(":", "@", "/", "//", "%", "[", "]", "..", "21"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        try {
          const found = resolveSite(`ftp://${parts.join("")}`, options());
          expect(resolveSite(siteIdentity(found), options())).toMatchObject({
            host: found.host,
            remoteDir: found.remoteDir,
          });
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          expect(error.message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
