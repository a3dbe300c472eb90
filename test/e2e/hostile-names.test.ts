import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import type { Finished } from "./program.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";

/** Clears the screen, sets the window's title, turns the direction of the text, ends the line. */
const TERMINAL = "\u001b[2J\u001b]0;owned\u0007\u202e\u2028\u009b31m";
const RAW = /[\u001b\u0007\u009b\u202e\u2028]/;

/** Nothing in log, stdout or stderr is more than text. */
function expectHarmless(sandbox: Sandbox, { stdout, stderr }: Finished): void {
  const log = readFileSync(sandbox.logFile, "utf8");
  for (const text of [stdout, stderr, log]) expect(RAW.test(text)).toBe(false);
}

describe.each([
  "text",
  "json",
])("control sequences are escaped on the terminal and in the log, format %s:", (format) => {
  test.each([
    { name: "a refused login", command: "PASS", reply: `530 ${TERMINAL}` },
    { name: "a refused upload", command: "STOR", reply: `550 ${TERMINAL}` },
    { name: "a refused folder", command: "MKD", reply: `550-${TERMINAL}\r\n550 ${TERMINAL}` },
    { name: "a closing connection", command: "TYPE", reply: `421 ${TERMINAL}` },
    { name: "the answer to FEAT", command: "FEAT", reply: `211-${TERMINAL}\r\n ${TERMINAL}\r\n211 End` },
  ])("$name", async ({ command, reply }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ faults: [{ command, reply, times: 99 }] });
    sandbox.write("a/b.txt", "b");
    const more = ["--debug", "--log-format", format, "--retries", "0"];
    expectHarmless(sandbox, await sandbox.sync(server, ...more));
    expectHarmless(sandbox, await sandbox.sync(server, ...more, "--dry-run"));
    const [folder = "", site = ""] = sandbox.site(server);
    for (const look of [
      ["check", folder, site],
      ["doctor", site],
    ]) {
      const own = ["--state-dir", sandbox.stateDir, ...(format === "json" ? ["--json"] : [])];
      expectHarmless(sandbox, await sandbox.run([...look, ...own], sandbox.env(server)));
    }
  });

  test("names on the server, deleted and told", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    mkdirSync(remoteOf(server));
    writeFileSync(join(remoteOf(server), `foreign ${TERMINAL.replaceAll("/", "")}`), "x");
    sandbox.write("a.txt", "a");
    const result = await sandbox.sync(server, "--delete", "all", "--log-format", format, "--debug");
    expect({ code: result.code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
    expectHarmless(sandbox, result);
  });
});

test("a FOLDER whose name holds control sequences: status, stop and approve say it escaped", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  const folder = join(sandbox.root, `site ${TERMINAL}`);
  mkdirSync(folder);
  for (let index = 0; index < 12; index++) writeFileSync(join(folder, `${index}.txt`), `${index}`);
  const args = ["sync", ...sandbox.site(server).with(0, folder)];
  expect((await sandbox.run(args, sandbox.env(server))).code).toBe(0);
  for (let index = 0; index < 12; index++) rmSync(join(folder, `${index}.txt`));
  const parked = await sandbox.run(args, sandbox.env(server));
  expect(parked.code).toBe(5);
  expectHarmless(sandbox, parked);
  for (const command of [["status"], ["status", "--json"], ["stop"], ["approve"]]) {
    expectHarmless(sandbox, await sandbox.run([...command, "--state-dir", sandbox.stateDir]));
  }
});

/** The next listing is this text. */
function listAs(server: EmbeddedServer, listing: string) {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.write(listing);
        socket.end();
      },
      data() {},
    },
  });
  server.inject({ command: "EPSV", rawReply: `229 Over there (|||${listener.port}|)\r\n` });
  server.inject({ command: "MLSD", reply: "150 Here it comes\r\n226 Done" });
  return listener;
}

test.each([
  "..",
  "../../etc/passwd",
  "/etc/passwd",
  "a/../../b",
  "folder/index.html",
  "a\0b",
  ".",
])("a listing that names %j: nothing is asked of it, and nothing is written here", async (name) => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  sandbox.write("a.txt", "a");
  expect((await sandbox.sync(server)).code).toBe(0);
  sandbox.write("b.txt", "b");
  using _ = listAs(server, `type=file;size=1; a.txt\r\ntype=file;size=1; ${name}\r\ntype=dir; ${name}\r\n`);
  const before = server.commands.length;
  expect([0, 1, 3]).toContain((await sandbox.sync(server, "--delete", "all", "--retries", "0")).code);
  const touched = server.commands.slice(before).filter(({ text }) => /^(DELE|RMD|RNFR|RNTO|STOR|MKD)/.test(text));
  expect(touched.filter(({ text }) => !/ \/www\/(\.miroir-\w+|[ab]\.txt)$/.test(text))).toEqual([]);
  renameSync(sandbox.logFile, `${sandbox.logFile}.read`);
});
