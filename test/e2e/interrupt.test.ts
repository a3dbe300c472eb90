import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { eventsOf, linesOf, movements } from "./records.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

const CONNECTIONS = 4;
/** Each session may have stored one file and be sending the next. */
const MOST_IN_FLIGHT = 2 * CONNECTIONS;

function writeMany(sandbox: Sandbox, count: number): void {
  for (let index = 0; index < count; index++) {
    sandbox.write(`folder ${index % 7}/file ${index}`, `content of file ${index}\n`.repeat(index % 50));
  }
}

const arrived = (server: EmbeddedServer) => server.visitor.journal.filter(({ change }) => change === "appeared").length;
const sentTwice = (server: EmbeddedServer) => server.visitor.journal.filter(({ change }) => change === "replaced");
const temporaryNames = (server: EmbeddedServer) =>
  [...readTree(remoteOf(server)).keys()].filter((path) => /(^|\/)\.miroir-/.test(path));

describe("a signal", () => {
  test.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)("$signal ends a sync with $code after the files in flight, and the next run goes on", async (row) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    writeMany(sandbox, 300);
    const sync = sandbox.start(["sync", ...sandbox.site(server)], sandbox.env(server));
    await waitFor("a part of the files", () => sync.hasEnded || arrived(server) > 60);
    sync.kill(row.signal);
    expect((await sync.finished()).code).toBe(row.code);
    expect(arrived(server)).toBeLessThan(300);
    expect(temporaryNames(server)).toEqual([]);
    expect(eventsOf(sandbox.records()).at(-1)).toBe("stop");

    const sentBefore = arrived(server);
    const toldBefore = sandbox.records().length;
    expect((await sandbox.sync(server)).code).toBe(0);
    const uploads = movements(sandbox.records().slice(toldBefore)).filter((line) => line.startsWith("upload "));
    expect(uploads).toBeArrayOfSize(300 - sentBefore);
    expect(sentTwice(server)).toEqual([]);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends a watch with 0 and a folded journal", async (signal) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 20);
    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    watch.kill(signal);
    expect((await watch.finished()).code).toBe(0);
    expect(eventsOf(sandbox.records()).at(-1)).toBe("stop");
    const [mirror = ""] = readdirSync(sandbox.stateDir);
    // Its first line tells which manifest it belongs to.
    expect(linesOf(join(sandbox.stateDir, mirror, "journal.jsonl")).slice(1)).toEqual([]);
    const manifest = await Bun.file(join(sandbox.stateDir, mirror, "manifest.json")).json();
    expect(Object.keys(manifest.files)).toBeArrayOfSize(20);
  });

  test("SIGTERM in the middle of a watch's first pass ends it with 0 after the files in flight", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    writeMany(sandbox, 300);
    const watch = sandbox.watch(server);
    await waitFor("a part of the files", () => watch.hasEnded || arrived(server) > 60);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(arrived(server)).toBeLessThan(300);
    expect(temporaryNames(server)).toEqual([]);
  });

  test("a stop drops an operation that hangs after 5 s, a second signal at once", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    server.inject({ command: "STOR", stallMs: 45_000, when: "during", afterBytes: 100_000, times: 9 });
    sandbox.write("big.bin", new Uint8Array(50_000_000));
    const args = ["sync", ...sandbox.site(server)];
    const isSending = (before: number) => () => server.transfers.length > before;

    const patient = sandbox.start(args, sandbox.env(server));
    await waitFor("the upload", isSending(0));
    const startMs = performance.now();
    patient.kill("SIGTERM");
    expect((await patient.finished()).code).toBe(143);
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(4000);
    expect(tookMs).toBeLessThan(15_000);

    const hasty = sandbox.start(args, sandbox.env(server));
    await waitFor("the second upload", isSending(1));
    hasty.kill("SIGINT");
    // Again and again: two that come together count as one.
    const again = setInterval(() => hasty.kill("SIGINT"), 200);
    const secondMs = performance.now();
    expect((await hasty.finished()).code).toBe(130);
    clearInterval(again);
    expect(performance.now() - secondMs).toBeLessThan(4000);

    server.clearFaults();
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});

describe("kill -9", () => {
  test.each([
    { afterFiles: 40 },
    { afterFiles: 250 },
    { afterFiles: 450 },
  ])("after $afterFiles of 500 files loses at most what is in flight, and leaves no lock", async ({ afterFiles }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    writeMany(sandbox, 500);
    const args = [...sandbox.site(server), "--connections", String(CONNECTIONS)];
    const first = sandbox.start(["sync", ...args], sandbox.env(server));
    await waitFor("a part of the files", () => first.hasEnded || arrived(server) >= afterFiles);
    first.kill("SIGKILL");
    expect((await first.finished()).code).toBe(137);
    expect(arrived(server)).toBeLessThan(500);

    const second = await sandbox.run(["sync", ...args], sandbox.env(server));
    expect(second.code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
    expect(temporaryNames(server)).toEqual([]);
    expect(sentTwice(server).length).toBeLessThanOrEqual(MOST_IN_FLIGHT);

    const commandsBefore = server.commands.length;
    expect((await sandbox.run(["sync", ...args], sandbox.env(server))).code).toBe(0);
    expect(server.commands).toBeArrayOfSize(commandsBefore);
  });
});

describe("a second instance", () => {
  test("ends with 6 at once, in one line, and touches nothing", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 5);
    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    await waitFor("the first pass", () => eventsOf(sandbox.records()).includes("pass"));
    const sessions = new Set(server.commands.map(({ session }) => session));
    const state = () => [...readTree(sandbox.stateDir)].filter(([path]) => !path.endsWith("status.json"));
    await waitFor(
      "the state to rest",
      restsFor(1500, () => JSON.stringify(state())),
    );
    const stateBefore = state();

    const log = join(sandbox.root, "second.log");
    const args = [sandbox.folder, siteUrl(server), "--log", log, "--state-dir", sandbox.stateDir];
    for (const command of ["sync", "watch"]) {
      const startMs = performance.now();
      const second = await sandbox.run([command, ...args], sandbox.env(server));
      expect({ code: second.code, lines: second.stderr.split("\n").length - 1 }).toEqual({ code: 6, lines: 1 });
      expect(second.stderr).toContain(String(watch.pid));
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
    expect(server.commands.filter(({ session }) => !sessions.has(session))).toEqual([]);
    expect(state()).toEqual(stateBefore);
    expect(watch.hasEnded).toBe(false);

    sandbox.write("later.txt", "the first one goes on");
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(existsSync(join(remoteOf(server), "later.txt"))).toBe(true);
    expect((await sandbox.sync(server)).code).toBe(0);
  });
});

/** Whether `read()` has given the same for so long. */
function restsFor(ms: number, read: () => string): () => boolean {
  let last = read();
  let sinceMs = performance.now();
  return () => {
    const now = read();
    if (now !== last) sinceMs = performance.now();
    last = now;
    return performance.now() - sinceMs >= ms;
  };
}
