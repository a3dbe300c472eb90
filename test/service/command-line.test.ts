import { describe, expect, test } from "bun:test";
import { posix } from "node:path";
import type { RunInvocation } from "../../src/options/invocation.ts";
import type { ConfigPlace } from "../../src/options/profiles.ts";
import { parseCommandLine } from "../../src/options/resolve.ts";
import { resolveSite } from "../../src/options/site-address.ts";
import { serviceArguments } from "../../src/service/command-line.ts";

const PROFILES = `
[website]
folder = "/home/alice/website"
site = "ftpes://alice@example.org/www"
log = "/home/alice/website.log"
password-file = "/home/alice/pw"
in-place = true
rules = ["*.psd"]

[open]
folder = "/home/alice/website"
site = "ftpes://alice:secret@example.org/www"
log = "/home/alice/website.log"
`;

const PLACE: ConfigPlace = {
  file: "/home/alice/.config/miroir/config.toml",
  home: "/home/alice",
  read: () => ({ bytes: Buffer.from(PROFILES), exposure: () => undefined }),
};

const absolute = (path: string) => posix.resolve("/home/alice", path);

function serviceOf(argv: string[], env: Record<string, string> = {}): string[] {
  const invocation = parseCommandLine(["service", "install", ...argv], env, PLACE);
  if (invocation.command !== "service" || invocation.action !== "install") throw new Error("read otherwise");
  const { run } = invocation;
  return serviceArguments(run, addressOf(run), absolute);
}

function addressOf({ site, options, sources, siteSource }: RunInvocation) {
  return resolveSite(site, options, sources, siteSource);
}

const SITE = "ftpes://alice@example.org/www";
const BASIC = ["website", SITE, "--log", "web.log", "--password-file", "pw"];
const BASIC_SERVICE = [
  "/home/alice/website",
  SITE,
  "--password-file",
  "/home/alice/pw",
  "--log",
  "/home/alice/web.log",
];

describe("serviceArguments()", () => {
  interface Case {
    name: string;
    argv: string[];
    env?: Record<string, string>;
    want: string[];
  }
  test.each<Case>([
    { name: "a watch, its paths absolute", argv: BASIC, want: ["watch", ...BASIC_SERVICE, "--quiet"] },
    { name: "a sync", argv: [...BASIC, "--every", "15m"], want: ["sync", ...BASIC_SERVICE, "--quiet"] },
    {
      name: "the options in any place",
      argv: ["--log=web.log", "--print", ...BASIC.slice(0, 2), "--password-file", "pw", "--depth", "unlimited"],
      want: ["watch", ...BASIC_SERVICE.slice(0, 4), "--depth", "unlimited", ...BASIC_SERVICE.slice(4), "--quiet"],
    },
    {
      name: "rules in their order, their files absolute",
      argv: [...BASIC, "--include", "a", "--exclude=-b", "--ignore-file", "rules"],
      want: [
        "watch",
        ...BASIC_SERVICE,
        "--quiet",
        "--include",
        "a",
        "--exclude=-b",
        "--ignore-file",
        "/home/alice/rules",
      ],
    },
    {
      name: "what the shell's variables gave",
      argv: BASIC.slice(0, 4),
      env: { MIROIR_PASSWORD_FILE: "pw", MIROIR_QUIET: "1", MIROIR_LOG_FORMAT: "json" },
      want: ["watch", ...BASIC_SERVICE, "--log-format", "json", "--quiet"],
    },
    {
      name: "a profile, by its name",
      argv: ["--profile", "website"],
      want: ["watch", "--config", "/home/alice/.config/miroir/config.toml", "--profile", "website", "--quiet"],
    },
    {
      name: "a profile, with what differs from it",
      argv: ["--profile", "website", "--no-in-place", "--depth", "2", "--every", "1h"],
      want: [
        "sync",
        "--config",
        "/home/alice/.config/miroir/config.toml",
        "--profile",
        "website",
        "--depth",
        "2",
        "--in-place=off",
        "--quiet",
      ],
    },
    {
      name: "a profile that holds its password",
      argv: ["--profile", "open"],
      want: ["watch", "--config", "/home/alice/.config/miroir/config.toml", "--profile", "open", "--quiet"],
    },
    {
      name: "a site that anybody may use",
      argv: ["website", "ftp://example.org/", "--log", "web.log"],
      want: ["watch", "/home/alice/website", "ftp://example.org/", "--log", "/home/alice/web.log", "--quiet"],
    },
  ])("$name", ({ argv, env, want }) => {
    expect(serviceOf(argv, env)).toEqual(want);
  });

  test.each<Pick<Case, "name" | "argv">>([
    { name: "reads the same again", argv: [...BASIC, "--max-delete", "20%", "--limit-rate", "500k", "--tls", "auto"] },
    { name: "reads the same again, with a profile", argv: ["--profile", "website", "--no-in-place", "--exclude", "x"] },
  ])("$name", ({ argv }) => {
    const args = serviceOf(argv);
    const again = parseCommandLine(args, {}, PLACE) as RunInvocation;
    expect(serviceArguments(again, addressOf(again), absolute)).toEqual(args);
  });

  test.each<Omit<Case, "want">>([
    { name: "a password in the arguments", argv: [...BASIC.slice(0, 4), "--password", "secret"] },
    { name: "a password in SITE", argv: ["website", "ftp://alice:secret@example.org/", "--log", "web.log"] },
    { name: "no password", argv: BASIC.slice(0, 4) },
    { name: "a password in this shell's variable", argv: BASIC.slice(0, 4), env: { MIROIR_PASSWORD: "secret" } },
  ])("refuses $name, without showing it", ({ argv, env }) => {
    const refusal = (() => {
      try {
        return serviceOf(argv, env).join(" ");
      } catch (error) {
        return String(error);
      }
    })();
    expect(refusal).toContain("--password-file");
    expect(refusal).toStartWith("UsageError: ");
    expect(refusal).not.toContain("secret");
  });
});

describe("parseCommandLine() of a service", () => {
  test.each([
    { argv: [], says: 'Missing what to do after "miroir service"' },
    { argv: ["instal"], says: 'Did you mean "install"?' },
    { argv: ["install"], says: "Missing --profile NAME" },
    { argv: ["install", "a", SITE], says: "Missing --log FILE" },
    { argv: ["install", ...BASIC, "more"], says: 'Unexpected argument "more"' },
    { argv: ["install", ...BASIC, "--every", "30s"], says: 'Cannot use "30s" for "--every"' },
    { argv: ["install", ...BASIC, "--every", "1h", "--restart"], says: '"--restart" does not belong to "miroir sync"' },
    { argv: ["install", ...BASIC, "--platform", "windows"], says: 'needs "--print"' },
    { argv: ["install", ...BASIC, "--dry-run"], says: "it would mirror nothing" },
    { argv: ["install", ...BASIC, "--depht", "3"], says: 'Did you mean "--depth"?' },
    { argv: ["remove", "a", "b"], says: 'Unexpected argument "b"' },
    { argv: ["list", "a"], says: 'Unexpected argument "a"' },
    { argv: ["list", "--print"], says: 'belongs to "miroir service install"' },
    { argv: ["list", "--depth", "3"], says: 'does not belong to "miroir service"' },
  ])("$argv: $says", ({ argv, says }) => {
    expect(() => parseCommandLine(["service", ...argv], {}, PLACE)).toThrow(says);
  });
});
