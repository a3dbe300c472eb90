/**
 * `npm test`: type check, lint, build, then every test; the last line is "N passed, N failed".
 *
 * MIROIR_TEST_SERVERS  where the real FTP servers were unpacked
 * MIROIR_WINE_ROOT     a system with Wine to change root to: the Windows executable is tested too
 * MIROIR_REQUIRE_ALL   1: a server, Wine or a combination that is missing is a failure, not a line
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_SERVERS, whyMissing } from "./servers/real.ts";

/** What the contract suite runs: 4 servers, each plain and with explicit TLS, and 3 with implicit TLS. */
const COMBINATIONS = 11;
const TEST_TIMEOUT_MS = 60_000;

const root = join(import.meta.dir, "..");
const requireAll = process.env.MIROIR_REQUIRE_ALL === "1";
const wineRoot = process.env.MIROIR_WINE_ROOT ?? "";
const workFolder = mkdtempSync(join(tmpdir(), "miroir-all-"));
const combinationsFile = join(workFolder, "combinations");
const total = { passed: 0, failed: 0 };
const leftOut: string[] = [];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(reason: string): void {
  total.failed++;
  say(`FAILED: ${reason}`);
}

async function run(command: string[]): Promise<number> {
  const child = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, MIROIR_COMBINATIONS_FILE: combinationsFile },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await child.exited;
}

/** A command that is one check as a whole. */
async function check(title: string, command: string[]): Promise<void> {
  say(`\n== ${title}`);
  const code = await run(command);
  if (code === 0) total.passed++;
  else fail(`${title} ended with exit code ${code}`);
}

interface Counts {
  tests: number;
  failures: number;
  skipped: number;
}

/** The totals of a JUnit report as Bun writes it; undefined when there is none, as after a crash. */
function readCounts(reportFile: string): Counts | undefined {
  if (!existsSync(reportFile)) return undefined;
  const totals = /<testsuites [^>]*>/.exec(readFileSync(reportFile, "utf8"))?.[0] ?? "";
  const [tests, failures, skipped] = ["tests", "failures", "skipped"].map((name) =>
    Number.parseInt(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? "", 10),
  );
  if (tests === undefined || failures === undefined || skipped === undefined) return undefined;
  return Number.isNaN(tests + failures + skipped) ? undefined : { tests, failures, skipped };
}

async function runTests(title: string, files: string[]): Promise<void> {
  say(`\n== ${title}`);
  if (files.length === 0) return fail(`${title}: there are none`);
  const report = join(workFolder, `${title}.xml`);
  const reporting = ["--reporter=junit", `--reporter-outfile=${report}`];
  const code = await run([process.execPath, "test", "--timeout", String(TEST_TIMEOUT_MS), ...reporting, ...files]);
  const counts = readCounts(report);
  if (counts === undefined) return fail(`${title}: the runner ended with exit code ${code} and gave no counts`);
  const passed = counts.tests - counts.failures - counts.skipped;
  total.passed += passed;
  total.failed += counts.failures;
  if (counts.skipped > 0) leftOut.push(`${counts.skipped} of ${title} (skip themselves)`);
  if (code !== 0 && counts.failures === 0) fail(`${title}: the runner ended with exit code ${code}`);
  if (passed + counts.failures === 0) fail(`${title}: none ran`);
}

/** In the form that "bun test" takes for exactly this file: with "./" before it. */
function testFiles(belongs: (path: string) => boolean): string[] {
  const paths = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: root })];
  return paths
    .map((path) => path.replaceAll("\\", "/"))
    .filter(belongs)
    .sort()
    .map((path) => `./${path}`);
}

function missing(what: string, why: string): void {
  if (requireAll) fail(`${what} is required: ${why}`);
  else leftOut.push(`${what} (${why})`);
}

function checkCombinations(): void {
  const lines = existsSync(combinationsFile) ? readFileSync(combinationsFile, "utf8").split("\n") : [];
  const found = new Set(lines.map((line) => line.trim()).filter((line) => line !== ""));
  if (found.size >= COMBINATIONS) return;
  missing("contract suite", `ran ${found.size} of ${COMBINATIONS} combinations of server and TLS`);
}

const isEndToEnd = (path: string) => path.startsWith("test/e2e/");
const isWine = (path: string) => path.startsWith("test/wine/");
const program = (name: string) => join(root, "node_modules", ".bin", name);

try {
  await check("type check", [program("tsc"), "--noEmit"]);
  await check("lint", [program("biome"), "check", "."]);
  await check("build", [process.execPath, "build.ts"]);
  await runTests(
    "tests",
    testFiles((path) => !isEndToEnd(path) && !isWine(path)),
  );
  await runTests("end-to-end tests", testFiles(isEndToEnd));
  if (wineRoot === "") {
    missing("Wine", "MIROIR_WINE_ROOT is not set");
  } else {
    await check("build for Windows", [process.execPath, "build.ts", "--target", "windows-x64"]);
    await runTests("Wine tests", testFiles(isWine));
  }
  for (const kind of REAL_SERVERS) {
    const why = whyMissing(kind);
    if (why !== undefined) missing(kind, why);
  }
  checkCombinations();
} finally {
  rmSync(workFolder, { recursive: true, force: true });
}

say("");
if (leftOut.length > 0) say(`left out: ${leftOut.join(", ")}`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
