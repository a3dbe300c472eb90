import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "../e2e/program.ts";
import { eventsOf, linesOf, movements } from "../e2e/records.ts";
import { waitFor } from "../e2e/wait.ts";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createWineSandbox, type WineSandbox } from "./wine.ts";

const LONG_NAME = "a name of sixty characters, which is a fifth of three hundred";
/** More than the 260 characters that Windows programs can often not go beyond. */
const LONG_PATH = `${`${LONG_NAME}/`.repeat(4)}${LONG_NAME}.txt`;

const FILES = {
  "index.html": "<h1>index</h1>\r\n",
  "été à Noël/naïve façade.txt": "é",
  "日本 🚀.txt": "日本",
  "with spaces/and (brackets) & 100% #1.txt": "x",
  "empty.txt": "",
  [LONG_PATH]: "long",
};

async function sync(sandbox: WineSandbox, server: EmbeddedServer, ...more: string[]): Promise<Finished> {
  return await sandbox.start(["sync", ...sandbox.site(server), ...more], server.password).finished();
}

describe("the Windows executable", () => {
  test.each(["off", "explicit"] as const)("sync with TLS %s mirrors, then has nothing to do", async (tls) => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded({ tls });
    for (const [path, content] of Object.entries(FILES)) sandbox.write(path, content);
    expect(LONG_PATH.length).toBeGreaterThan(300);

    const first = await sync(sandbox, server);
    expect({ code: first.code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
    const uploads = movements(sandbox.records()).filter((line) => line.startsWith("upload "));
    expect(uploads.sort()).toEqual(
      Object.keys(FILES)
        .map((path) => `upload ${path}`)
        .sort(),
    );
    expect(server.commands.some(({ text }) => text === "AUTH TLS")).toBe(true);

    const told = sandbox.records().length;
    const commandsBefore = server.commands.length;
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(eventsOf(sandbox.records().slice(told))).toEqual(["start", "pass", "stop"]);
    expect(server.commands).toBeArrayOfSize(commandsBefore);
  });

  test("sync renames, replaces and deletes", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    for (const [path, content] of Object.entries(FILES)) sandbox.write(path, content);
    expect((await sync(sandbox, server)).code).toBe(0);
    const told = sandbox.records().length;
    renameSync(join(sandbox.folder, "été à Noël"), join(sandbox.folder, "été"));
    rmSync(join(sandbox.folder, "empty.txt"));
    sandbox.write("index.html", "<h2>other</h2>\r\n");
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(movements(sandbox.records().slice(told)).sort()).toEqual([
      "delete empty.txt",
      "rename été à Noël/ -> été/",
      "upload index.html",
    ]);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("writes a text log with its own paths in the start line", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    expect((await sync(sandbox, server, "--log-format", "text")).code).toBe(0);
    const lines = linesOf(sandbox.logFile);
    expect(lines[0]).toContain(` INFO  start    miroir `);
    expect(lines[0]).toContain(`${sandbox.windowsPath("site")} -> ftp://alice@127.0.0.1:${server.port}/www`);
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO |WARN |ERROR) [a-z]+ .*[^\r]$/;
    expect(lines.filter((line) => !form.test(line))).toEqual([]);
    expect(lines.some((line) => / INFO {2}upload {3}index\.html \(5 bytes, \d+ ms\)$/.test(line))).toBe(true);
  });

  test("keeps its own files inside FOLDER off the site", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const own = ["--log", sandbox.windowsPath("SITE\\Miroir.LOG"), "--state-dir", sandbox.windowsPath("site\\state")];
    for (const run of ["first", "second"]) {
      const { code } = await sync(sandbox, server, ...own);
      expect({ run, code, remote: readdirSync(sandbox.remote(server)) }).toEqual({
        run,
        code: 0,
        remote: ["index.html"],
      });
    }
  });

  test.each([
    { name: "an unknown option", more: ["--depht", "3"], says: '"--depht"' },
    { name: "a negative depth", more: ["--depth", "-1"], says: '"-1"' },
    { name: "a surplus argument", more: ["surplus"], says: '"surplus"' },
  ])("ends with 2 and one line for $name, and touches nothing", async ({ more, says }) => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    const { code, stdout, stderr } = await sync(sandbox, server, ...more);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^miroir: [^\r\n]+\r?\n$/);
    expect(stderr).toContain(says);
    expect([existsSync(sandbox.logFile), existsSync(sandbox.stateDir)]).toEqual([false, false]);
  });

  test("ends with 3 where no server listens, with 4 for a wrong password, with 5 for a missing FOLDER", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const site = sandbox.site(server);
    expect((await sandbox.start(["sync", ...site], "wrong").finished()).code).toBe(4);
    const missing = site.with(0, sandbox.windowsPath("nowhere"));
    expect((await sandbox.start(["sync", ...missing], server.password).finished()).code).toBe(5);
    await server.stop();
    // Wine does not pass the refusal on: it is an answer that never comes.
    const unreachable = await sync(sandbox, server, "--retries", "0", "--timeout", "2s", "--quiet");
    expect(unreachable).toMatchObject({ code: 3, stderr: expect.stringContaining("Cannot connect to") });
  });

  test("a watch mirrors a save, keeps a second instance out with 6, and ends with 0 at SIGINT", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = sandbox.start(sandbox.site(server), server.password);
    const isMirrored = () => watch.hasEnded || sandbox.unequal(server).length === 0;
    await waitFor("the first pass", isMirrored, { state: () => watch.stderr });
    sandbox.write("index.html", "index 2");
    await waitFor("the save on the site", isMirrored, { state: () => watch.stderr });

    const sessions = new Set(server.commands.map(({ session }) => session));
    const second = await sync(sandbox, server, "--log", sandbox.windowsPath("second.log"));
    expect({ code: second.code, lines: second.stderr.split("\n").length - 1 }).toEqual({ code: 6, lines: 1 });
    expect(server.commands.filter(({ session }) => !sessions.has(session))).toEqual([]);
    expect(watch.hasEnded).toBe(false);

    watch.kill("SIGINT");
    expect((await watch.finished()).code).toBe(0);
    expect(eventsOf(sandbox.records()).at(-1)).toBe("stop");
    expect(readFileSync(join(sandbox.remote(server), "index.html"), "utf8")).toBe("index 2");
    expect((await sync(sandbox, server)).code).toBe(0);
  });

  test("killed in the middle leaves no lock, and the next run goes on", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    for (let index = 0; index < 150; index++) sandbox.write(`${index}.txt`, `content ${index}`);
    const first = sandbox.start(["sync", ...sandbox.site(server)], server.password);
    await waitFor("a part of the files", () => first.hasEnded || server.visitor.journal.length > 30);
    first.kill("SIGKILL");
    await first.finished();
    expect(sandbox.unequal(server)).not.toEqual([]);
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});

test("the Windows executable sets up a profile with Windows paths, and mirrors by its name", async () => {
  await using sandbox = createWineSandbox();
  const server = await sandbox.embedded({ tls: "explicit" });
  for (const [path, content] of Object.entries(FILES)) sandbox.write(path, content);
  const config = sandbox.windowsPath("config.toml");
  const init = await sandbox
    .start(["init", ...sandbox.site(server), "--config", config, "--profile", "web"], server.password)
    .finished();
  expect(init).toMatchObject({ code: 0, stderr: "" });
  const place = join(sandbox.folder, "..");
  const text = readFileSync(join(place, "config.toml"), "utf8");
  expect(text).toContain(`folder = '${sandbox.windowsPath("site")}'`);
  expect(readFileSync(join(place, "web.password"), "utf8")).toBe(`${server.password}\n`);
  // Wine keeps what Everyone may do as the mode of others.
  expect(["config.toml", "web.password"].map((name) => statSync(join(place, name)).mode & 0o007)).toEqual([0, 0]);

  const run = await sandbox.start(["sync", "--profile", "web", "--config", config], "").finished();
  expect({ code: run.code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
  const status = await sandbox.start(["status", "--json", "--config", config], "").finished();
  expect(JSON.parse(status.stdout)).toEqual([expect.objectContaining({ profile: "web", healthy: true })]);
});
