/**
 * `npm run demo`: a small web site, an FTP server on this machine, and miroir between them, for ten seconds.
 * `npm run demo -- --keep` leaves them running until Ctrl-C, to try it by hand.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeSite, STEPS } from "./demo-site.ts";
import { formatLogLine, isPass } from "./demo-text.ts";
import { startWatch, type Watch } from "./demo-watch.ts";
import { countFiles, differences, readTree } from "./e2e/trees.ts";
import { waitFor } from "./e2e/wait.ts";
import { type EmbeddedServer, startEmbeddedServer } from "./servers/embedded.ts";

const STEP_DEADLINE_MS = 15_000;

interface Places {
  work: string;
  folder: string;
  /** What the server holds. */
  remote: string;
}

function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Aborts at Ctrl-C; the demo then ends in order. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

async function demo(places: Places, server: EmbeddedServer, keep: boolean): Promise<number> {
  const { work, folder, remote } = places;
  const signal = interruption();
  const siteUrl = `${server.url}/www`;
  let passes = 0;
  const onLine = (line: string) => {
    if (isPass(line)) passes++;
    say(formatLogLine(line));
  };
  const unequal = () => differences(readTree(folder), readTree(remote));

  async function mirrored(watch: Watch, passesBefore: number): Promise<void> {
    const isOver = () => signal.aborted || watch.exitCode !== null || (passes > passesBefore && unequal().length === 0);
    await waitFor("the site to be like the folder", isOver, { deadlineMs: STEP_DEADLINE_MS });
    if (watch.exitCode !== null && !signal.aborted) {
      throw new Error(`miroir ended by itself with exit code ${watch.exitCode}`);
    }
  }

  say("1. A small web site in a folder, and an empty FTP server, both on this machine:");
  say(`   folder  ${folder}`);
  say(`   site    ${siteUrl}`);
  say("\n2. miroir keeps the site a mirror of the folder. It begins with all of it;");
  say("   these are the lines of its log:");
  const watch = startWatch(folder, siteUrl, { password: server.password, stateFolder: join(work, "state"), onLine });
  try {
    await mirrored(watch, 0);
    for (const [index, { told, act }] of STEPS.entries()) {
      if (signal.aborted) break;
      say(`\n${index + 3}. Somebody ${told}:`);
      const passesBefore = passes;
      act(folder);
      await mirrored(watch, passesBefore);
    }
    if (keep && !signal.aborted) {
      tellHowToTry(places, server, siteUrl);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }
  } finally {
    say("\nThe end:");
    await watch.stop();
  }
  const left = unequal();
  if (signal.aborted && (!keep || left.length > 0)) {
    say("\nStopped; nothing is left running.");
    return keep ? 0 : 130;
  }
  for (const line of left) say(line);
  say(left.length > 0 ? "\nThe trees differ." : `\nBoth trees are equal: ${countFiles(readTree(folder))} files`);
  return left.length > 0 ? 1 : 0;
}

function tellHowToTry({ folder, remote }: Places, { user, password }: EmbeddedServer, siteUrl: string): void {
  say("\nNow it is your turn: change something in the folder. Both go on until Ctrl-C,");
  say("which removes all of this again.");
  say(`   folder        ${folder}`);
  say(`   URL           ${siteUrl}`);
  say(`   user          ${user}`);
  say(`   password      ${password}`);
  say(`   site on disk  ${remote}\n`);
}

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
const work = realpathSync(mkdtempSync(join(tmpdir(), "miroir-demo-")));
const places = { work, folder: join(work, "website"), remote: join(work, "server", "www") };
try {
  mkdirSync(join(work, "server"));
  makeSite(places.folder);
  const server = await startEmbeddedServer({ root: join(work, "server") });
  try {
    process.exitCode = await demo(places, server, values.keep);
  } finally {
    await server.stop();
  }
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit();
