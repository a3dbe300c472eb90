import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { executable, type Running, startProgram } from "./program.ts";
import { linesOf } from "./records.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from "./small-disk.ts";
import { readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

const FILES = 400;
/** Room for the manifest of a first run, and not for its journal. */
const SMALL_BYTES = 96 * 1024;

interface Places {
  logFile: string;
  stateDir: string;
}

/** Starts miroir where it sees the small disk. */
function start(disk: SmallDisk, sandbox: Sandbox, server: EmbeddedServer, command: string, places: Places): Running {
  const args = ["--log", places.logFile, "--log-format", "json", "--state-dir", places.stateDir, "--interval", "100ms"];
  const words = [...disk.prefix, executable(), command, sandbox.folder, siteUrl(server), ...args];
  return startProgram(words, { cwd: sandbox.root, env: sandbox.env(server) });
}

function writeFiles(sandbox: Sandbox): void {
  for (let number = 0; number < FILES; number++) sandbox.write(`a rather long name, number ${number}`, `${number}`);
}

const toldOf = (stderr: string, what: RegExp) => stderr.split("\n").filter((line) => what.test(line));

const missing = whyNoSmallDisk();
if (missing !== undefined && process.env.MIROIR_REQUIRE_ALL === "1")
  throw new Error(`Cannot test a full disk: ${missing}`);

describe.skipIf(missing !== undefined)("a full disk", () => {
  test("under the log: sync mirrors everything, and says so once", async () => {
    await using sandbox = createSandbox();
    await using disk = await mountSmallDisk(join(sandbox.root, "disk"), 32 * 1024);
    const server = await sandbox.embedded();
    writeFiles(sandbox);
    const places = { logFile: join(disk.path, "log"), stateDir: sandbox.stateDir };
    const { code, stderr } = await start(disk, sandbox, server, "sync", places).finished();
    expect([code, sandbox.unequal(server)]).toEqual([0, []]);
    expect(toldOf(stderr, /log/)).toEqual([expect.stringContaining("the disk is full")]);
    for (const line of linesOf(join(disk.outside, "log"))) expect(JSON.parse(line)).toHaveProperty("event");
  });

  test("under the log of a watch: it goes on, and so does the log once there is room", async () => {
    await using sandbox = createSandbox();
    await using disk = await mountSmallDisk(join(sandbox.root, "disk"), 32 * 1024);
    const server = await sandbox.embedded();
    const logFile = join(disk.path, "log");
    const outside = join(disk.outside, "log");
    sandbox.write("first", "1");
    const watch = start(disk, sandbox, server, "watch", { logFile, stateDir: sandbox.stateDir });
    try {
      await sandbox.mirrored(server, watch);
      await waitFor("the first pass", () => linesOf(outside).some((line) => line.includes('"event":"pass"')));
      disk.fill();
      const wholeBefore = linesOf(outside).length;
      sandbox.write("second", "2".repeat(100));
      for (let number = 0; number < 60; number++) sandbox.write(`a rather long name, number ${number}`, `${number}`);
      await sandbox.mirrored(server, watch);
      disk.resize(4 * 1024 * 1024);
      sandbox.write("third", "3");
      await waitFor("the log to go on", () => readFileSync(outside, "utf8").includes('"path":"third"'));
      const later = linesOf(outside).slice(wholeBefore);
      expect(later.length).toBeGreaterThan(0);
      for (const line of later) expect(JSON.parse(line)).toHaveProperty("event");
      expect(toldOf(watch.stderr, /Cannot write the log/)).toBeArrayOfSize(1);
    } finally {
      watch.kill("SIGTERM");
      expect((await watch.finished()).code).toBe(0);
    }
  });

  test("under the state: the run stops rather than forget what it did, and the next one goes on", async () => {
    await using sandbox = createSandbox();
    await using disk = await mountSmallDisk(join(sandbox.root, "disk"), SMALL_BYTES);
    const server = await sandbox.embedded();
    writeFiles(sandbox);
    const places = { logFile: sandbox.logFile, stateDir: join(disk.path, "state") };
    const full = await start(disk, sandbox, server, "sync", places).finished();
    expect(full.code).toBe(5);
    expect(toldOf(full.stderr, /the disk is full .*Free space/).length).toBeGreaterThan(0);
    const site = readTree(remoteOf(server));
    const here = readTree(sandbox.folder);
    const shown = [...site].filter(([path]) => !path.includes(".miroir-"));
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(FILES);
    for (const [path, content] of shown) expect({ path, content }).toEqual({ path, content: here.get(path) ?? "" });

    disk.resize(8 * 1024 * 1024);
    const seen = server.visitor.journal.length;
    const roomy = await start(disk, sandbox, server, "sync", places).finished();
    expect([roomy.code, sandbox.unequal(server)]).toEqual([0, []]);
    // What had been recorded is not sent again: at most what was under way on each session.
    const again = server.visitor.journal.slice(seen).filter(({ change }) => change === "replaced");
    expect(again.length).toBeLessThanOrEqual(8);
    const asked = server.commands.length;
    expect((await start(disk, sandbox, server, "sync", places).finished()).code).toBe(0);
    expect(server.commands.length).toBe(asked);
  });

  test("under the state from the start: nothing is sent that could not be remembered", async () => {
    await using sandbox = createSandbox();
    await using disk = await mountSmallDisk(join(sandbox.root, "disk"), 64 * 1024);
    const server = await sandbox.embedded();
    writeFiles(sandbox);
    disk.fill();
    const places = { logFile: sandbox.logFile, stateDir: join(disk.path, "state") };
    const { code, stderr } = await start(disk, sandbox, server, "sync", places).finished();
    expect(code).toBe(5);
    expect(toldOf(stderr, /the disk is full/).length).toBeGreaterThan(0);
    expect(server.commands.filter(({ text }) => text.startsWith("STOR "))).toEqual([]);
  });
});
