import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf, type LogLine, linesOf, movements } from "./records.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

const EVENTS =
  "start connect pass upload delete rename mkdir rmdir touch adopt skip retry fail refuse warn stop ftp".split(" ");

/** Two runs in which all sorts of things happen. */
async function eventfulRuns(sandbox: Sandbox, ...more: string[]): Promise<void> {
  const server = await sandbox.embedded();
  for (const path of ["a.txt", "b.txt", "c/d.txt", "1/2/3/4/5/6/7/deep.txt"]) sandbox.write(path, `content of ${path}`);
  expect((await sandbox.sync(server, ...more)).code).toBe(0);
  renameSync(sandbox.path("a.txt"), sandbox.path("tab\u00e9 [renamed].txt"));
  rmSync(sandbox.path("c"), { recursive: true });
  sandbox.write("b.txt", "changed");
  sandbox.write("bad\nname.txt", "never sent");
  expect((await sandbox.sync(server, ...more)).code).toBe(1);
}

describe("the log", () => {
  test("in JSON: every line is an object with time, level and event, and movements have their fields", async () => {
    await using sandbox = createSandbox();
    await eventfulRuns(sandbox);
    const records = sandbox.records();
    for (const { time, level, event } of records) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(["info", "warn", "error"]).toContain(level);
      expect(EVENTS).toContain(event);
    }
    for (const each of records.filter(({ event }) => event === "upload")) {
      expect(each).toMatchObject({ path: expect.any(String), bytes: expect.any(Number), ms: expect.any(Number) });
      expect(each.sha1).toMatch(/^[0-9a-f]{40}$/);
    }
    expect(movements(records)).toEqual(
      expect.arrayContaining([
        "rename a.txt -> tab\u00e9 [renamed].txt",
        "mkdir c/",
        "rmdir c/",
        "delete c/d.txt",
        "skip 1/2/3/4/5/6/7/ (too-deep)",
      ]),
    );
    const [first, second] = records.filter(({ event }) => event === "pass");
    expect(first).toMatchObject({ uploaded: 3, bytes: 50 } satisfies Partial<LogLine>);
    expect(second).toMatchObject({ uploaded: 1, renamed: 1, deleted: 1, removed: 1, failed: 1 });
    expect(records.filter(({ event }) => event === "start")).toBeArrayOfSize(2);
  });

  test("in text: one line a movement, UTC with milliseconds, level and event in columns", async () => {
    await using sandbox = createSandbox();
    await eventfulRuns(sandbox, "--log-format", "text");
    const lines = linesOf(sandbox.logFile);
    const form = new RegExp(
      `^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z (INFO |WARN |ERROR) (${EVENTS.join("|")})( |$)`,
    );
    expect(lines.filter((line) => !form.test(line))).toEqual([]);
    const after = (event: string) =>
      lines.flatMap((line) => new RegExp(`^.{30} ${event} +(.*)$`).exec(line)?.[1] ?? []);
    expect(after("upload").sort()).toEqual([
      expect.stringMatching(/^a\.txt \(16 bytes, \d+ ms\)$/),
      expect.stringMatching(/^b\.txt \(16 bytes, \d+ ms\)$/),
      expect.stringMatching(/^b\.txt \(7 bytes, \d+ ms\)$/),
      expect.stringMatching(/^c\/d\.txt \(18 bytes, \d+ ms\)$/),
    ]);
    expect(after("rename")).toEqual([expect.stringMatching(/^a\.txt -> tab\u00e9 \[renamed\]\.txt/)]);
    expect(after("skip")).toEqual([
      expect.stringContaining("1/2/3/4/5/6/7/"),
      expect.stringMatching(/^bad\\(n|u\{a\}|x0a)name\.txt/),
    ]);
  });

  test("is appended to, and rotated when it grows past --log-size", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeFileSync(sandbox.logFile, "what stood here before\n");
    for (let index = 0; index < 100; index++) sandbox.write(`file ${index}`, `${index}`);
    expect((await sandbox.sync(server, "--log-size", "4000", "--log-keep", "50")).code).toBe(0);
    const logs = readdirSync(sandbox.root).filter((name) => name.startsWith("miroir.log"));
    expect(logs.length).toBeGreaterThan(3);
    const lines = logs.flatMap((name) => linesOf(join(sandbox.root, name)));
    expect(lines.filter((line) => line === "what stood here before")).toBeArrayOfSize(1);
    expect(lines.filter((line) => line.includes('"event":"upload"'))).toBeArrayOfSize(100);
    for (const name of logs) expect(Bun.file(join(sandbox.root, name)).size).toBeLessThanOrEqual(4000);
  });

  test("as - is standard output, and nothing else is there", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const args = [
      sandbox.folder,
      siteUrl(server),
      "--log",
      "-",
      "--log-format",
      "json",
      "--state-dir",
      sandbox.stateDir,
    ];
    const result = await sandbox.run(["sync", ...args], sandbox.env(server));
    expect(result.code).toBe(0);
    const records = result.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
    expect(eventsOf(records)).toEqual(["start", "connect", "warn", "upload", "pass", "stop"]);
    expect(readdirSync(sandbox.root).sort()).toEqual(["home", "site", "state"]);
  });

  test("that lies in FOLDER with state and password file is not mirrored, and makes no loop", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    mkdirSync(sandbox.path("private"));
    const log = sandbox.path("private/miroir.log");
    writeFileSync(sandbox.path("private/password"), `${server.password}\n`, { mode: 0o600 });
    sandbox.write("a.txt", "a");
    const options = [
      "--log",
      log,
      "--log-format",
      "json",
      "--log-size",
      "1000",
      "--log-keep",
      "2",
      "--interval",
      "50ms",
    ];
    const files = ["--state-dir", sandbox.path("private/state"), "--password-file", sandbox.path("private/password")];
    const watch = sandbox.start([sandbox.folder, siteUrl(server), ...options, ...files], sandbox.env(undefined));
    const has = (name: string) => existsSync(join(remoteOf(server), name));
    await waitFor("the first file", () => watch.hasEnded || has("a.txt"), { state: () => watch.stderr });
    // Each file makes the log grow, and rotate.
    for (let index = 0; index < 15; index++) {
      sandbox.write(`${index}.txt`, `${index}`);
      await waitFor(`${index}.txt`, () => watch.hasEnded || has(`${index}.txt`), { state: () => watch.stderr });
    }
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(existsSync(`${log}.1`)).toBe(true);
    const names = [...readTree(remoteOf(server)).keys()].filter((name) => !/^(a|\d+)\.txt$/.test(name));
    expect(names).toEqual(["private"]);
    const stored = server.commands.filter(({ text }) => text.startsWith("STOR "));
    expect(stored).toBeArrayOfSize(16);
  });
});
