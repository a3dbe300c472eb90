/**
 * `npm test`: build, type check, lint, and every test, several files at once; the last line is "N passed, N failed".
 * What a file that failed has said is shown when it has ended, as a whole.
 *
 * MIROIR_TEST_SERVERS  where the real FTP servers were unpacked
 * MIROIR_WINE_ROOT     a system with Wine to change root to: the Windows executable is tested too
 * MIROIR_TEST_ARTEFACTS 1: every executable is built and tested, in places that have nothing of this system (as root)
 * MIROIR_REQUIRE_ALL   1: a server, Wine, a combination or an artefact that is missing is a failure, not a line
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { experiments } from "./bench/experiments.ts";
import { missingFor } from "./bench/needs.ts";
import { SIZES } from "./bench/size.ts";
import { TEST_TIMEOUT_MS } from "./patience.ts";
import { type Ended, runLogged } from "./run-logged.ts";
import { REAL_SERVERS, whyMissing } from "./servers/real.ts";
import { type Shard, shardsOf } from "./shards.ts";

/** What the contract suite runs: 4 servers, each plain and with explicit TLS, and 3 with implicit TLS. */
const COMBINATIONS = 11;

const root = join(import.meta.dir, "..");
const requireAll = process.env.MIROIR_REQUIRE_ALL === "1";
const testsArtefacts = process.env.MIROIR_TEST_ARTEFACTS === "1";
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

let runs = 0;

function run(command: string[], env: Record<string, string> = {}): Promise<Ended> {
  return runLogged(command, {
    cwd: root,
    env: { ...process.env, ...env, MIROIR_COMBINATIONS_FILE: combinationsFile },
    outputFile: join(workFolder, `output-${++runs}`),
  });
}

/** Told in one go, so that what runs beside it is not mixed into it. */
function tell(title: string, { ms }: Ended, words: string, output = ""): void {
  const seconds = (ms / 1000).toFixed(1).padStart(6);
  say(`${seconds} s  ${title}: ${words}${output === "" ? "" : `\n${output.trimEnd()}\n`}`);
}

/** A command that is one check as a whole. */
async function check(title: string, command: string[]): Promise<void> {
  const ended = await run(command);
  tell(title, ended, ended.code === 0 ? "passed" : "failed", ended.code === 0 ? "" : ended.output);
  if (ended.code === 0) total.passed++;
  else fail(`${title} ended with exit code ${ended.code}`);
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

async function runTests({ name, file, env }: Shard): Promise<void> {
  const report = join(workFolder, `${name.replaceAll(/\W+/g, "-")}.xml`);
  const reporting = ["--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
  const ended = await run([process.execPath, "test", "--timeout", String(TEST_TIMEOUT_MS), ...reporting, file], env);
  const counts = readCounts(report);
  if (counts === undefined) {
    tell(name, ended, "gave no counts", ended.output);
    return fail(`${name}: the runner ended with exit code ${ended.code} and gave no counts`);
  }
  const { tests, failures, skipped } = counts;
  const passed = tests - failures - skipped;
  total.passed += passed;
  total.failed += failures;
  const isSound = ended.code === 0 && failures === 0;
  tell(name, ended, `${passed} passed${failures > 0 ? `, ${failures} failed` : ""}`, isSound ? "" : ended.output);
  if (skipped > 0) leftOut.push(`${skipped} of ${name} (skip themselves)`);
  if (ended.code !== 0 && failures === 0) fail(`${name}: the runner ended with exit code ${ended.code}`);
  if (passed + failures === 0) fail(`${name}: none ran`);
}

/** Begun in their order; one more at once than there are processors, as many tests wait for a time-out. */
async function inParallel(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = tasks.values();
  async function work(): Promise<void> {
    for (const task of waiting) await task();
  }
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
}

/** One Wine server serves the whole prefix: it ends with the last program, and whoever comes at that instant finds none. */
async function inOrder(shards: readonly Shard[]): Promise<void> {
  for (const shard of shards) await runTests(shard);
}

function testFiles(): string[] {
  const paths = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: root })];
  return paths.map((path) => path.replaceAll("\\", "/")).sort();
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

const isArtefact = (path: string) => path.startsWith("test/artefacts/");
const isWine = (path: string) => path.startsWith("test/wine/");
const BENCH = [process.execPath, "test/bench/bench.ts", "--size", "tiny"];
const program = (name: string) => join(root, "node_modules", ".bin", name);

try {
  const files = testFiles();
  await check("build", [process.execPath, "build.ts"]);
  if (wineRoot === "") missing("Wine", "MIROIR_WINE_ROOT is not set");
  if (testsArtefacts) await check("build for every system", [process.execPath, "build.ts", "--all"]);
  else missing("artefacts", "MIROIR_TEST_ARTEFACTS is not 1");
  if (wineRoot !== "" && !testsArtefacts) {
    await check("build for Windows", [process.execPath, "build.ts", "--target", "windows-x64"]);
  }
  const isRunnable = (file: string) => (wineRoot !== "" || !isWine(file)) && (testsArtefacts || !isArtefact(file));
  const shards = shardsOf(files.filter(isRunnable), files);
  const [wine, others] = [shards.filter(({ name }) => isWine(name)), shards.filter(({ name }) => !isWine(name))];
  const missingForBench = missingFor(experiments(SIZES.tiny));
  if (missingForBench.length > 0) missing("bench", missingForBench.join(", "));
  await inParallel([
    ...(missingForBench.length > 0 ? [] : [() => check("bench in a tiny size", BENCH)]),
    ...(wine.length > 0 ? [() => inOrder(wine)] : []),
    ...others.map((shard) => () => runTests(shard)),
    () => check("type check", [program("tsc"), "--noEmit"]),
    () => check("lint", [program("biome"), "check", "."]),
  ]);
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
