import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { effectiveOptions } from "../../src/options/effective.ts";
import type { Environment } from "../../src/options/environment.ts";
import type { Invocation, RunInvocation } from "../../src/options/invocation.ts";
import { ROWS } from "../../src/options/options.ts";
import { parseCommandLine } from "../../src/options/resolve.ts";
import { UsageError } from "../../src/options/usage-error.ts";

const SITE = "ftp://alice@example.org/www";
const ENOUGH = ["./public", SITE, "--log", "mirror.log"];

function run(argv: string[], env: Environment = {}): RunInvocation {
  const invocation: Invocation = parseCommandLine(argv, env);
  if (!("profile" in invocation) || !("folder" in invocation) || invocation.command === "check")
    throw new Error(`asked for ${invocation.command}`);
  return invocation;
}

/** The error for a complete command line with `more` behind it. */
function refusal(more: string[], env: Environment = {}, enough = ENOUGH): UsageError {
  try {
    run([...enough, ...more], env);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`not refused: ${more.join(" ")}`);
}

describe("parseCommandLine() finds the command", () => {
  test.each<{ argv: string[]; want: Partial<RunInvocation> }>([
    { argv: ENOUGH, want: { command: "watch", folder: "./public", site: SITE } },
    { argv: ["watch", ...ENOUGH], want: { command: "watch" } },
    { argv: ["sync", ...ENOUGH], want: { command: "sync", folder: "./public" } },
    { argv: ["--depth", "2", "sync", ...ENOUGH], want: { command: "sync" } },
    { argv: ["--log", "sync", "./public", SITE], want: { command: "watch", folder: "./public" } },
    { argv: ["./public", "sync", "--log", "l"], want: { command: "watch", site: "sync" } },
    { argv: ["./sync", SITE, "--log", "l"], want: { command: "watch", folder: "./sync" } },
    { argv: ["--log", "l", "--", "sync", SITE], want: { command: "watch", folder: "sync" } },
    { argv: ["--log", "l", "--", "--odd", SITE], want: { folder: "--odd" } },
    { argv: ["./public", "--host", "h", "--log", "l"], want: { site: undefined } },
  ])("$argv", ({ argv, want }) => expect(run(argv)).toMatchObject(want));

  test.each<{ argv: string[]; want: Invocation }>([
    { argv: ["--help"], want: { command: "help" } },
    { argv: ["-h"], want: { command: "help" } },
    { argv: ["sync", "--nonsense", "--help"], want: { command: "help", of: "sync" } },
    { argv: ["sync", "--log", "--help"], want: { command: "help", of: "sync" } },
    { argv: ["watch", "-V", "-h"], want: { command: "help", of: "watch" } },
    { argv: ["--version"], want: { command: "version" } },
    { argv: ["sync", "-V"], want: { command: "version" } },
    { argv: ["check", "--help"], want: { command: "help", of: "check" } },
  ])("$argv", ({ argv, want }) => expect(parseCommandLine(argv, {})).toEqual(want));

  test.each([
    { name: "no log", more: [] },
    { name: "the options of a mirror", more: ["--log", "l", "--interval", "5s", "--max-delete", "3", "--dry-run"] },
  ])("check takes FOLDER, SITE and $name", ({ more }) => {
    const invocation = parseCommandLine(["check", "./public", SITE, "--json", ...more], {});
    expect(invocation).toMatchObject({ command: "check", folder: "./public", site: SITE, options: { json: true } });
  });

  test("doctor takes SITE alone, and what says how to connect", () => {
    const invocation = parseCommandLine(["doctor", SITE, "--tls", "off", "--timeout", "5s", "--json"], {});
    expect(invocation).toMatchObject({ command: "doctor", site: SITE, siteSource: "flag", options: { tls: "off" } });
    expect(parseCommandLine(["doctor", "--host", "h", "--user", "u"], {})).toMatchObject({ site: undefined });
  });

  test.each([
    { argv: [], says: "Missing SITE" },
    { argv: [SITE, "more"], says: '"miroir doctor" takes SITE' },
    { argv: [SITE, "--max-delete", "3"], says: 'does not belong to "miroir doctor"' },
    { argv: [""], says: "SITE" },
  ])("doctor $argv is refused", ({ argv, says }) => {
    expect(() => parseCommandLine(["doctor", ...argv], {})).toThrow(says);
  });

  test("check says what is missing, by its own name", () => {
    const parse = () => parseCommandLine(["check", "./public"], {});
    expect(parse).toThrow(
      "Missing SITE (ftp://USER@HOST/DIR, or --host and --user instead). Usage: miroir check FOLDER",
    );
  });

  test("--help after -- is an argument", () => {
    expect(refusal(["--", "--help"]).message).toContain('Unexpected argument "--help"');
  });
});

describe("parseCommandLine() reads flags", () => {
  test("defaults", () => {
    const { options, sources } = run(ENOUGH);
    expect(options).toMatchObject({
      log: "mirror.log",
      depth: 6,
      intervalMs: 1000,
      debug: false,
      rules: [],
      tls: "auto",
    });
    expect(options.maxDelete).toEqual({ kind: "percent", percent: 50, floor: 10 });
    expect([sources.get("depth"), sources.get("log")]).toEqual(["default", "flag"]);
    expect([...sources.keys()]).toEqual([...ROWS.keys()]);
  });

  test.each([
    { argv: ["--depth", "0"], want: { depth: 0 } },
    { argv: ["--depth=unlimited"], want: { depth: Number.POSITIVE_INFINITY } },
    { argv: ["--depth", "1", "--depth", "2"], want: { depth: 2 } },
    { argv: ["--log", "-"], want: { log: "-" } },
    { argv: ["--log=--odd"], want: { log: "--odd" } },
    { argv: ["--interval", "500ms"], want: { intervalMs: 500 } },
    { argv: ["--verify", "off"], want: { verifyMs: Number.POSITIVE_INFINITY } },
    { argv: ["--max-delete", "50%"], want: { maxDelete: { kind: "percent", percent: 50, floor: 0 } } },
    { argv: ["--dry-run"], want: { dryRun: true } },
    { argv: ["--dry-run=1"], want: { dryRun: true } },
    { argv: ["--dry-run=no"], want: { dryRun: false } },
    { argv: ["--dry-run", "--no-dry-run"], want: { dryRun: false } },
    { argv: ["--no-progress"], want: { progress: false } },
    { argv: ["--no-progress=false"], want: { progress: true } },
    { argv: ["--no-progress", "--progress"], want: { progress: true } },
    { argv: [], want: { progress: true, dryRun: false } },
  ])("$argv", ({ argv, want }) => expect(run([...ENOUGH, ...argv]).options).toMatchObject(want));

  test("rules keep the order of the command line across their three flags", () => {
    const { options } = run([...ENOUGH, "--include", "a", "--ignore-file", "f", "--exclude", "b", "--include=-c"]);
    expect(options.rules).toEqual([
      { kind: "include", value: "a" },
      { kind: "ignore-file", value: "f" },
      { kind: "exclude", value: "b" },
      { kind: "include", value: "-c" },
    ]);
  });
});

describe("parseCommandLine() refuses", () => {
  test.each<[string[], string]>([
    [["--depht", "3"], 'Unknown option "--depht". Did you mean "--depth"?'],
    [["--DryRun"], 'Unknown option "--DryRun". Did you mean "--dry-run"?'],
    [["--hlep"], 'Unknown option "--hlep". Did you mean "--help"?'],
    [["--no-depth"], 'Unknown option "--no-depth"'],
    [["--zzzzzz=1"], 'Unknown option "--zzzzzz". The nearest valid one is "--'],
    [["--__proto__"], 'Unknown option "--__proto__"'],
    [["-depth", "3"], 'Unknown option "-depth". Did you mean "--depth"?'],
    [["-v"], 'Unknown option "-v". Did you mean "-V"?'],
    [["-l", "x"], 'Unknown option "-l". Did you mean "--l'],
    [["--depth"], 'Missing value for "--depth"'],
    [["--depth", "--dry-run"], 'Missing value for "--depth"'],
    [["--depth", "--", "3"], 'Missing value for "--depth"'],
    [["--depth", "-1"], 'Cannot use "-1" for "--depth": expected a whole number, 0 or more, or "unlimited"'],
    [["--depth", ""], 'Cannot use "" for "--depth"'],
    [["--depth="], 'Cannot use "" for "--depth"'],
    [["--log="], 'Cannot use "" for "--log"'],
    [["--exclude="], 'Cannot use "" for "--exclude"'],
    [["--connections", "65"], "expected a whole number from 1 to 64"],
    [["--interval", "9ms"], "expected a duration from 10ms to 24d"],
    [["--timeout", "99ms"], "expected a duration from 100ms to 24d"],
    [["--tls", "on"], 'expected one of "auto", "explicit", "implicit", "off"'],
    [["--dry-run=maybe"], 'Cannot use "maybe" for "--dry-run"'],
    [["--dry-run="], 'Cannot use "" for "--dry-run"'],
    [["--no-dry-run=1"], '"--no-dry-run" takes no value'],
    [["surplus"], 'Unexpected argument "surplus"'],
    [["ftp://bob:secret@h"], 'Unexpected argument "ftp://bob:***@h"'],
    [["--log", "a\nb", "x\ny\u2028"], 'Unexpected argument "x\\u{a}y\\u{2028}"'],
  ])("%j", (more, want) => expect(refusal(more).message).toContain(want));

  test.each<{ argv: string[]; want: string }>([
    { argv: [], want: "Missing FOLDER" },
    { argv: ["sync"], want: "Usage: miroir sync FOLDER SITE --log FILE" },
    { argv: ["./public"], want: "Missing SITE" },
    { argv: ["./public", SITE], want: "Missing --log FILE" },
    { argv: ["", SITE, "--log", "l"], want: 'Cannot use "" as FOLDER' },
    { argv: ["./public", "", "--log", "l"], want: 'Cannot use "" as SITE' },
    { argv: [], want: '"miroir --help" tells more' },
    { argv: ["snc"], want: 'Unknown command "snc". Did you mean "sync"?' },
    { argv: ["help"], want: 'Unknown command "help". Did you mean "--help"?' },
    { argv: ["version"], want: 'Unknown command "version". Did you mean "--version"?' },
    { argv: ["sync", "stat"], want: "Missing SITE" },
    { argv: ["-x"], want: 'Unknown option "-x". "miroir --help" lists those there are' },
    { argv: ["sync", SITE], want: "Missing FOLDER (the local folder, before SITE)" },
    {
      argv: ["sync", "ftp://bob:secret@h/", "dir"],
      want: 'Cannot use "ftp://bob:***@h/" as FOLDER: FOLDER comes first. Write "miroir sync dir ftp://bob:***@h/"',
    },
    { argv: ["snyc", ...ENOUGH], want: `Unknown command "snyc". Did you mean "sync"?` },
  ])("$argv", ({ argv, want }) => expect(refusal(argv, {}, []).message).toContain(want));

  test("the option at fault is told", () => {
    expect([refusal(["--depth"]).option, refusal([], { MIROIR_DEPTH: "x" }).option]).toEqual([
      "--depth",
      "MIROIR_DEPTH",
    ]);
  });

  test.each([
    [["--password="]],
    [["--password", "--hunter2"]],
    [["--password", "my", "hunter2"]],
    [["-phunter2"]],
    [["--pasword=hunter2"]],
    [["ftp://a:hunter2@h/d"]],
  ])("%j without showing the secret", (more) => expect(refusal(more).message).not.toContain("hunter2"));
});

describe("parseCommandLine() reads the environment", () => {
  test.each<{ env: Environment; want: object }>([
    { env: { MIROIR_DEPTH: "3" }, want: { depth: 3 } },
    { env: { MIROIR_DEPTH: "" }, want: { depth: 6 } },
    { env: { MIROIR_DRY_RUN: "yes" }, want: { dryRun: true } },
    { env: { MIROIR_DRY_RUN: "" }, want: { dryRun: false } },
    { env: { MIROIR_NO_PROGRESS: "1" }, want: { progress: false } },
    { env: { MIROIR_NO_PROGRESS: "0" }, want: { progress: true } },
    { env: { MIROIR_NONSENSE: "1", DEPTH: "1" }, want: { depth: 6 } },
    { env: { MIROIR_PASSWORD: "hunter2" }, want: { password: undefined } },
  ])("$env", ({ env, want }) => expect(run(ENOUGH, env).options).toMatchObject(want));

  test("a required option may come from it", () => {
    expect(run(["./public", SITE], { MIROIR_LOG: "env.log" }).options.log).toBe("env.log");
  });

  test("flags beat it, and then it is not judged", () => {
    const { options, sources } = run([...ENOUGH, "--depth", "2"], { MIROIR_DEPTH: "nonsense", MIROIR_RETRIES: "9" });
    expect([options.depth, options.retries]).toEqual([2, 9]);
    expect([sources.get("depth"), sources.get("retries")]).toEqual(["flag", "environment"]);
  });

  test("a list is one item a line, replaced only by its own flag", () => {
    const env = { MIROIR_EXCLUDE: "*.bak\r\n\n a \n", MIROIR_INCLUDE: "b" };
    expect(run(ENOUGH, env).options.rules.map((rule) => rule.value)).toEqual(["*.bak", " a ", "b"]);
    expect(run([...ENOUGH, "--exclude", "c"], env).options.rules).toEqual([
      { kind: "include", value: "b" },
      { kind: "exclude", value: "c" },
    ]);
  });

  test.each<[Environment, string]>([
    [{ MIROIR_DEPTH: "x" }, 'Cannot use "x" for "MIROIR_DEPTH"'],
    [{ MIROIR_DRY_RUN: "perhaps" }, 'Cannot use "perhaps" for "MIROIR_DRY_RUN"'],
    [{ MIROIR_LOG_FORMAT: "xml" }, 'for "MIROIR_LOG_FORMAT": expected one of "text", "json"'],
  ])("%j is refused by its name", (env, want) => expect(refusal([], env).message).toContain(want));
});

test("effectiveOptions() shows values as typed, where they came from, and no secret", () => {
  const argv = [...ENOUGH, "--password", "hunter2", "--exclude", "a", "--exclude", "b", "--no-progress"];
  const shown = new Map(effectiveOptions(run(argv, { MIROIR_DEPTH: "3" })).map((option) => [option.flag, option]));
  expect(shown.get("--password")).toEqual({ flag: "--password", value: "***", source: "flag" });
  expect(shown.get("--depth")).toMatchObject({ value: "3", source: "environment" });
  expect(shown.get("--interval")).toMatchObject({ value: "1s", source: "default" });
  expect(shown.get("--exclude")).toMatchObject({ value: "a, b" });
  expect(shown.get("--no-progress")).toMatchObject({ value: "on" });
  expect(shown.get("--user")).toMatchObject({ value: undefined, source: "default" });
});

describe("parseCommandLine() on anything", () => {
  const flag = fc.constantFrom(...[...ROWS.keys()].flatMap((name) => [`--${name}`, `--no-${name}`, `-${name}`]));
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.nat().map(String),
    fc.constantFrom("-", "--", "-1"),
  );
  const argument = fc.oneof(
    flag,
    value,
    fc.tuple(flag, value).map(([name, given]) => `${name}=${given}`),
    fc.constantFrom("sync", "watch", "-h", "-V", "--help", SITE),
  );
  const env = fc.dictionary(fc.constantFrom("MIROIR_DEPTH", "MIROIR_EXCLUDE", "MIROIR_DRY_RUN", "MIROIR_TLS"), value);

  test("answers, or throws a UsageError of one line", () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 8 }), env, (argv, variables) => {
        try {
          parseCommandLine(argv, variables);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
