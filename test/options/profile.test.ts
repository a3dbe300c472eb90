import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { effectiveOptions } from "../../src/options/effective.ts";
import type { Environment } from "../../src/options/environment.ts";
import { exposureByMode } from "../../src/options/exposure.ts";
import type { RunInvocation } from "../../src/options/invocation.ts";
import { parseProfiles } from "../../src/options/profile.ts";
import type { ConfigPlace } from "../../src/options/profiles.ts";
import { parseCommandLine } from "../../src/options/resolve.ts";
import { resolveSite } from "../../src/options/site-address.ts";
import { UsageError } from "../../src/options/usage-error.ts";

const FILE = "/etc/miroir/config.toml";
const HOME = "/home/alice";
const WEBSITE = `
[website]
folder = "~/website"
site = "ftpes://alice@example.org/www"
log = "website.log"
`;

/** The system's place holds `text`, other files do not exist. */
function placeOf(text: string | undefined, mode = 0o600): ConfigPlace {
  const bytes = text === undefined ? undefined : new TextEncoder().encode(text);
  return {
    file: FILE,
    home: HOME,
    read: (file) => (bytes && file === FILE ? { bytes, exposure: () => exposureByMode(file, mode) } : undefined),
  };
}

function run(text: string | undefined, argv: string[], env: Environment = {}, mode?: number): RunInvocation {
  const invocation = parseCommandLine(argv, env, placeOf(text, mode));
  if (!("profile" in invocation) || !("folder" in invocation) || invocation.command === "check")
    throw new Error(`asked for ${invocation.command}`);
  return invocation;
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("not refused");
}

const rulesOf = ({ options }: RunInvocation) => options.rules.map(({ kind, value }) => `${kind} ${value}`);

describe("parseProfiles()", () => {
  test("reads every type of value, as the options have them", () => {
    const text = `
      [website]
      depth = 3
      interval = 0.5
      timeout = "5s"
      connections = "2"
      max-delete = 20
      limit-rate = 1_000
      verify = "off"
      tls = "explicit"
      debug = true
      no-progress = true
      quiet = false`;
    const [profile] = parseProfiles(text, { file: FILE, home: HOME });
    expect(Object.fromEntries(profile?.given.map(({ name, value }) => [name, value]) ?? [])).toEqual({
      depth: 3,
      interval: 500,
      timeout: 5000,
      connections: 2,
      "max-delete": { kind: "count", count: 20 },
      "limit-rate": 1000,
      verify: Number.POSITIVE_INFINITY,
      tls: "explicit",
      debug: true,
      "no-progress": false,
      quiet: false,
    });
  });

  test("starts relative paths at the file's own folder, ~/ at home, and leaves the log - alone", () => {
    const text = `[a]
      folder = "../site"
      log = "-"
      password-file = "~/secret"
      tls-ca = "/abs/ca.pem"
      state-dir = 'state'
      rules = [{ ignore-file = "rules.txt" }]`;
    const [profile] = parseProfiles(text, { file: FILE, home: HOME });
    expect(profile?.folder).toBe("/etc/site");
    expect(profile?.given.map(({ value }) => value)).toEqual([
      "-",
      join(HOME, "secret"),
      "/abs/ca.pem",
      "/etc/miroir/state",
      { kind: "ignore-file", value: "/etc/miroir/rules.txt" },
    ]);
  });

  test.each([
    { name: "tables", text: "[a]\ndepth = 1\n[b]\ndepth = 2" },
    { name: "tables of a table", text: "[profiles.a]\ndepth = 1\n[profile.b]\ndepth = 2" },
    { name: "dotted and inline", text: "a.depth = 1\nb = { depth = 2 }" },
    { name: "empty ones count", text: "[a]\n[profiles.b]\n[profiles]" },
    { name: "a byte order mark and CRLF", text: "\uFEFF[a]\r\ndepth = 1\r\n[b]\r\n" },
  ])("finds the profiles: $name", ({ text }) => {
    expect(parseProfiles(text, { file: FILE, home: HOME }).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("a profile may be called profiles", () => {
    expect(parseProfiles("[profiles]\ndepth = 1", { file: FILE, home: HOME })).toMatchObject([{ name: "profiles" }]);
  });

  test.each<[string, string]>([
    ["[a]\ndept = 3", `:2:1: unknown key "dept" in profile "a". Did you mean "depth"?`],
    ["[a]\nzzzzzzzz = 3", ':2:1: unknown key "zzzzzzzz" in profile "a". The nearest valid one is "'],
    ["[a]\ndepth.x = 3", ':2:1: unknown key "depth.x"'],
    ["[a]\nconfig = 'x'", ':2:1: unknown key "config"'],
    ["[a]\nprofile = 'x'", ':2:1: unknown key "profile"'],
    ["[a]\n__proto__ = 1", ':2:1: unknown key "__proto__"'],
    ["[a]\nexclude = ['x']", ':2:1: unknown key "exclude" in profile "a". Its patterns stand in the list "rules"'],
    ["depth = 3\n[a]", ':1:1: the key "depth" stands outside a profile'],
    ["[[a]]\ndepth = 3", ":1:3: a profile stands in single brackets"],
    ["[a]\n  depth = -1", ':2:11: Cannot use "-1" for "depth": expected a whole number, 0 or more, or "unlimited"'],
    ["[a]\ndepth = 1.5", ':2:9: Cannot use "1.5" for "depth"'],
    ["[a]\ndepth = true", ':2:9: "depth" in profile "a": expected a whole number'],
    ["[a]\ndepth = [1]", ':2:9: "depth" in profile "a"'],
    ["[a]\ninterval = 1979-05-27", ':2:12: "interval" in profile "a": expected a duration'],
    ["[a]\ndebug = 'yes'", ':2:9: "debug" in profile "a": expected true or false, without quotes'],
    ["[a]\nlog = 5", ':2:7: "log" in profile "a": expected a file name, in quotes'],
    ["[a]\ntls = 'on'", 'expected one of "auto", "explicit", "implicit", "off"'],
    ["[a]\nfolder = 1", ':2:10: "folder" in profile "a": expected the path of a folder, in quotes'],
    ["[a]\nfolder = ''", ':2:10: "folder" in profile "a"'],
    ["[a]\nsite = 'http://h/'", ':2:8: Cannot use "http://h/" as SITE'],
    ["[a]\nuser = 'bob'\nsite = 'ftp://al@h/'", ':2:8: "user" is in "site" "ftp://al@h/" too. Leave out one'],
    ["[a]\nrules = '*.bak'", ':2:9: "rules": expected a list like'],
    ["[a]\nrules = ['a', 1]", ':2:15: "rules": expected a list'],
    ["[a]\nrules = [{ excluded = 'a' }]", ':2:10: "rules": expected a list'],
    ["[a]\nrules = ['']", ':2:10: Cannot use "" for "rules"'],
    ["[a]\ndepth =", ":2:8: the value is missing"],
  ])("refuses %j", (text, want) => {
    expect(refusal(() => parseProfiles(text, { file: FILE, home: HOME }))).toContain(
      FILE + (want[0] === ":" ? want : ""),
    );
    expect(refusal(() => parseProfiles(text, { file: FILE, home: HOME }))).toContain(want);
  });

  test.each([
    "[a]\npassword = ''\n",
    "[a]\nsite = 'ftp://al:hunter2@/x'",
    "[a]\nhost = 'h'\nsite = 'ftp://al:hunter2@h'",
  ])("refuses %j without a secret", (text) =>
    expect(refusal(() => parseProfiles(text, { file: FILE, home: HOME }))).not.toContain("hunter2"));
});

describe("parseCommandLine() with profiles", () => {
  test("takes FOLDER, SITE and options from the named one", () => {
    const invocation = run(`${WEBSITE}depth = 2\n[other]\ndepth = 9`, ["sync", "--profile", "website"]);
    expect(invocation).toMatchObject({
      folder: join(HOME, "website"),
      site: "ftpes://alice@example.org/www",
      options: { log: "/etc/miroir/website.log", depth: 2 },
      profile: { name: "website" },
    });
    expect(invocation.sources.get("depth")).toBe("profile");
  });

  test("flags beat the environment, that beats the profile, that beats the default", () => {
    const text = `${WEBSITE}depth = 2\nretries = 7\nconnections = 9\ntls-insecure = true`;
    const { options, sources } = run(text, ["sync", "--profile", "website", "--depth", "5", "--no-tls-insecure"], {
      MIROIR_DEPTH: "4",
      MIROIR_RETRIES: "6",
    });
    expect(options).toMatchObject({ depth: 5, retries: 6, connections: 9, tlsInsecure: false, intervalMs: 1000 });
    expect(["depth", "retries", "connections", "interval"].map((name) => sources.get(name))).toEqual([
      "flag",
      "environment",
      "profile",
      "default",
    ]);
  });

  test("a list from above replaces its own", () => {
    const text = `${WEBSITE}rules = ["*.bak", "!keep.bak", { include = "x" }, "\\\\!odd", { exclude = "y" }]`;
    const profile = ["--profile", "website"];
    expect(rulesOf(run(text, profile))).toEqual([
      "exclude *.bak",
      "include keep.bak",
      "include x",
      "exclude \\!odd",
      "exclude y",
    ]);
    expect(rulesOf(run(text, profile, { MIROIR_INCLUDE: "a" }))).toEqual(["include a"]);
    expect(rulesOf(run(text, [...profile, "--exclude", "z"], { MIROIR_INCLUDE: "a" }))).toEqual([
      "include a",
      "exclude z",
    ]);
  });

  test("positionals win, and SITE replaces all of the profile's address", () => {
    const text = "[a]\nfolder = '/a'\nhost = 'h'\nport = 2121\nuser = 'alice'\nlog = '-'\ndepth = 1";
    const { folder, site, options, sources, siteSource } = run(text, ["/b", "ftp://bob@other/d", "--profile", "a"]);
    expect([folder, site, options.depth]).toEqual(["/b", "ftp://bob@other/d", 1]);
    expect(resolveSite(site, options, sources, siteSource)).toMatchObject({ host: "other", port: 21, user: "bob" });
    expect(run(text, ["/b", "--profile", "a"])).toMatchObject({ folder: "/b", options: { host: "h" } });
  });

  test("a flag and a variable beat a part of its site, and its site beats its own options' defaults", () => {
    const { site, options, sources, siteSource } = run(WEBSITE, ["--port", "2121"], { MIROIR_USER: "bob" });
    expect(resolveSite(site, options, sources, siteSource)).toMatchObject({
      host: "example.org",
      port: 2121,
      user: "bob",
      remoteDir: "www",
      tls: { mode: "explicit" },
    });
  });

  test.each<{ name: string; argv: string[]; env?: Environment; text?: string; want: string | undefined }>([
    { name: "named by a variable", argv: ["sync"], env: { MIROIR_PROFILE: "website" }, want: "website" },
    { name: "the only one, when nothing is given", argv: [], want: "website" },
    { name: "none, when FOLDER and SITE are given", argv: ["f", "ftp://h", "--log", "-"], want: undefined },
    {
      name: "none, when --host is given",
      argv: ["sync", "--host", "h", "--user", "u", "--log", "-", "f"],
      want: undefined,
    },
    { name: "the only one of a named file", argv: ["f", "ftp://h", "--log", "-", "--config", FILE], want: "website" },
    {
      name: "none of a file that only a variable names",
      argv: ["f", "ftp://h", "--log", "-"],
      env: { MIROIR_CONFIG: "/nowhere" },
      want: undefined,
    },
    {
      name: "none, when a file that is not needed is broken",
      argv: ["f", "ftp://h", "--log", "-"],
      text: "[",
      want: undefined,
    },
  ])("chooses $name", ({ argv, env, text = WEBSITE, want }) => {
    expect(run(text, argv, env).profile?.name).toBe(want as string);
  });

  test.each<{ argv: string[]; env?: Environment; text?: string; want: string }>([
    {
      argv: ["--profile", "webiste"],
      text: WEBSITE,
      want: `Cannot find the profile "webiste" in "${FILE}": it has "website". Did you mean "website"?`,
    },
    { argv: ["--profile", "x"], want: `Cannot find the profile "x" in "${FILE}": there is no such file` },
    { argv: ["--profile", "x"], text: "", want: "it has no profile" },
    { argv: ["sync"], text: `${WEBSITE}[shop]\n`, want: `Missing --profile NAME: "${FILE}" has "website", "shop"` },
    { argv: ["sync"], want: '. "miroir init" asks for all of it' },
    { argv: ["sync", "website"], text: WEBSITE, want: '"website" is a profile: write "miroir sync --profile website"' },
    { argv: ["sync", "website"], text: "[", want: "Missing SITE (ftp://USER@HOST/DIR" },
    { argv: ["sync"], text: "", want: "Missing FOLDER" },
    {
      argv: ["--config", "/nowhere"],
      text: WEBSITE,
      want: 'Cannot read the configuration file "/nowhere": it does not exist',
    },
    { argv: ["sync"], env: { MIROIR_CONFIG: "/nowhere" }, text: WEBSITE, want: '"/nowhere": it does not exist' },
    { argv: ["--profile", "a"], text: "[a]\nsite='ftp://h'\nlog='-'", want: "Missing FOLDER" },
    { argv: ["--profile", "a"], text: "[a]\nfolder='f'\nlog='-'", want: "Missing SITE" },
    { argv: ["--profile", "a"], text: "[a]\nfolder='f'\nsite='ftp://h'", want: "Missing --log FILE" },
    // Every profile is judged: the one with the mistake may be the next one used.
    { argv: ["--profile", "website"], text: `${WEBSITE}[b]\ndept = 1`, want: ":7:1: unknown key" },
    { argv: ["--profile="], text: WEBSITE, want: 'Cannot use "" for "--profile"' },
  ])("$argv is refused: $want", ({ argv, env, text, want }) => {
    expect(refusal(() => run(text, argv, env))).toContain(want);
  });

  test.each<{ what: string; text: string; mode: number; warns: boolean }>([
    { what: "a password that others can read", text: "password = 'x'", mode: 0o644, warns: true },
    { what: "a URL with one", text: "site = 'ftp://a:x@h'", mode: 0o604, warns: true },
    { what: "a password that nobody else can read", text: "password = 'x'", mode: 0o600, warns: false },
    { what: "no password", text: "depth = 1", mode: 0o644, warns: false },
  ])("warns of a file with $what: $warns", ({ text, mode, warns }) => {
    const { warnings } = run(`${WEBSITE}[b]\n${text}`, ["--profile", "website"], {}, mode);
    expect(warnings).toHaveLength(warns ? 1 : 0);
    if (warns)
      expect(warnings[0]).toContain(
        `"${FILE}" holds a password and is open to other accounts (mode ${mode.toString(8)})`,
      );
  });

  test("effectiveOptions() tells what came from it", () => {
    const text = "[a]\nfolder = '/a'\nsite = 'ftp://bob:hunter2@h'\nlog = '-'\ndepth = 1\nrules = ['x', '!y']";
    const shown = new Map(effectiveOptions(run(text, [])).map((option) => [option.flag, option]));
    expect(shown.get("--profile")).toMatchObject({ value: "a", source: "default" });
    for (const [flag, value] of [
      ["FOLDER", "/a"],
      ["SITE", "ftp://bob:***@h"],
      ["--depth", "1"],
      ["--exclude", "x"],
      ["--include", "y"],
    ]) {
      expect(shown.get(flag ?? "")).toMatchObject({ value, source: "profile" });
    }
  });
});
