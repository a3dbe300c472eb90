import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { waitFor } from "./wait.ts";

const FILES = 20;

function writeMany(sandbox: Sandbox): void {
  for (let index = 0; index < FILES; index++) sandbox.write(`${index}.txt`, `content ${index}`);
}

function removeMany(sandbox: Sandbox, count: number): void {
  for (let index = 0; index < count; index++) rmSync(sandbox.path(`${index}.txt`));
}

const manage = (sandbox: Sandbox, ...args: string[]) => sandbox.run([...args, "--state-dir", sandbox.stateDir]);

async function statusOf(sandbox: Sandbox): Promise<Record<string, unknown>[]> {
  const { code, stdout } = await manage(sandbox, "status", "--json");
  const mirrors = JSON.parse(stdout) as Record<string, unknown>[];
  expect(code).toBe(mirrors.every(({ healthy }) => healthy === true) ? 0 : 1);
  return mirrors;
}

const hasPassed = (sandbox: Sandbox) => sandbox.records().some(({ event }) => event === "pass");

describe("status", () => {
  test("tells each mirror: running or not, last pass, pending, failing, lag", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    expect(await statusOf(sandbox)).toEqual([]);
    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    const site = `ftp://alice@127.0.0.1:${server.port}/www`;
    const healthy = { folder: sandbox.folder, site, pending: 0, failing: 0, lagMs: 0 };
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ ...healthy, running: false })]);

    const watch = sandbox.watch(server);
    const isRunning = async () => (await statusOf(sandbox)).some(({ running }) => running === true);
    while (!(await isRunning()) && !watch.hasEnded) await Bun.sleep(50);
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ ...healthy, running: true, pid: watch.pid })]);
    const { stdout, code } = await manage(sandbox, "status");
    expect({ code, lines: stdout.split("\n").length - 1 }).toEqual({ code: 0, lines: 1 });
    expect(stdout).toContain(sandbox.folder);
    expect(stdout).toContain(site);
  });

  test("tells what fails", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ quotaBytes: 100 });
    sandbox.write("small.txt", "small");
    sandbox.write("big.txt", "big ".repeat(100));
    expect((await sandbox.sync(server)).code).toBe(1);
    expect(await statusOf(sandbox)).toEqual([
      expect.objectContaining({ running: false, failing: 1, healthy: false, exit: 1 }),
    ]);
  });

  test("a watch that was killed does not look healthy, and the next run does", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    const watch = sandbox.watch(server);
    await waitFor("the first pass", () => watch.hasEnded || hasPassed(sandbox));
    watch.kill("SIGKILL");
    await watch.finished();
    const [killed] = await statusOf(sandbox);
    expect(killed).toMatchObject({ running: false, healthy: false, command: "watch" });
    expect(String(killed?.problems)).toContain("killed or crashed");
    expect((await manage(sandbox, "status")).stdout).toContain("NOT HEALTHY (killed or crashed, last alive ");
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ running: false, healthy: true, problems: [] })]);
  });

  test("shows a watch before its first pass has ended", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ faults: [{ command: "GREETING", withholdReply: true, times: 99 }] });
    writeMany(sandbox);
    const watch = sandbox.watch(server);
    await waitFor("the start", () => watch.hasEnded || sandbox.records().some(({ event }) => event === "start"));
    expect(await statusOf(sandbox)).toEqual([
      expect.objectContaining({ running: true, pid: watch.pid, healthy: false, lastPass: null }),
    ]);
  });

  test.each([
    { name: "a refused login", args: ["--password", "wrong"], code: 4, failure: "login" },
    { name: "a folder that is gone", args: [], code: 5, failure: "folder" },
  ])("a sync that ended with $code for $name does not look healthy, and the next good one does", async (row) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    sandbox.write("new.txt", "new");
    if (row.failure === "folder") renameSync(sandbox.folder, `${sandbox.folder}.away`);
    expect((await sandbox.sync(server, ...row.args)).code).toBe(row.code);
    expect(await statusOf(sandbox)).toEqual([
      expect.objectContaining({ healthy: false, failure: row.failure, exit: row.code }),
    ]);
    if (row.failure === "folder") renameSync(`${sandbox.folder}.away`, sandbox.folder);
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ healthy: true, failure: null, exit: 0 })]);
  });

  test("parked deletions are still told when the next pass cannot reach the site", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    removeMany(sandbox, FILES - 1);
    expect((await sandbox.sync(server)).code).toBe(5);
    sandbox.write("new.txt", "new");
    expect((await sandbox.sync(server, "--password", "wrong")).code).toBe(4);
    expect(await statusOf(sandbox)).toEqual([
      expect.objectContaining({ healthy: false, failure: "login", parked: FILES - 1 }),
    ]);
  });
  test("tells a state folder that cannot be read, and a mirror whose status is damaged", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    const [id = ""] = readdirSync(sandbox.stateDir);
    for (const name of ["status.json", "run.json"]) writeFileSync(join(sandbox.stateDir, id, name), "{");
    const damaged = await sandbox.run(["status", "--state-dir", sandbox.stateDir]);
    expect(damaged).toMatchObject({ code: 1, stderr: "" });
    expect(damaged.stdout).toContain("NOT HEALTHY (its state cannot be read)");

    chmodSync(sandbox.stateDir, 0);
    const args = ["status", "--state-dir", sandbox.stateDir];
    const unreadable = await sandbox.runWithoutPrivileges(args, sandbox.env(undefined));
    chmodSync(sandbox.stateDir, 0o700);
    expect(unreadable).toMatchObject({ code: 2, stdout: "" });
    expect(unreadable.stderr).toContain(`Cannot read the state folder "${sandbox.stateDir}": permission denied`);
  });

  test("tells how to forget what was a slip of the hand", async () => {
    await using sandbox = createSandbox();
    const site = ["ftp://alice:x@127.0.0.1:1/www", "--log", sandbox.logFile, "--state-dir", sandbox.stateDir];
    expect((await sandbox.run(["sync", sandbox.folder, ...site, "--retries", "0"])).code).toBe(3);
    const status = await sandbox.run(["status", "--state-dir", sandbox.stateDir]);
    expect(status.code).toBe(1);
    const [, directory = ""] = /To forget \S+, delete the folder "(.*)"/.exec(status.stderr) ?? [];
    rmSync(directory, { recursive: true });
    expect((await sandbox.run(["status", "--state-dir", sandbox.stateDir])).code).toBe(0);
  });
});

describe("stop", () => {
  test.each([
    { name: "the only one without NAME", nameOf: () => [] },
    { name: "by its folder", nameOf: (sandbox: Sandbox) => [sandbox.folder] },
    {
      name: "by its id from status",
      nameOf: async (sandbox: Sandbox) => [String((await statusOf(sandbox))[0]?.id)],
    },
  ])("ends a running watch cleanly: $name", async ({ nameOf }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    const watch = sandbox.watch(server);
    await waitFor("the first pass", () => watch.hasEnded || hasPassed(sandbox));
    const stop = await manage(sandbox, "stop", ...(await nameOf(sandbox)));
    expect({ code: stop.code, stderr: stop.stderr }).toEqual({ code: 0, stderr: "" });
    expect((await watch.finished()).code).toBe(0);
    expect((await sandbox.sync(server)).code).toBe(0);
  });

  test("ends with 2 and one line when nothing runs or nothing has that name", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    for (const name of [[], ["nothing-of-this-name"]]) {
      const { code, stderr } = await manage(sandbox, "stop", ...name);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^miroir: [^\n]+\n$/);
    }
  });

  test("of an earlier run does not end the next one", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("first.txt", "first");
    const first = sandbox.watch(server);
    await sandbox.mirrored(server, first);
    expect((await manage(sandbox, "stop")).code).toBe(0);
    expect((await first.finished()).code).toBe(0);
    const second = sandbox.watch(server);
    for (const path of ["a.txt", "b.txt"]) {
      sandbox.write(path, path);
      await sandbox.mirrored(server, second);
    }
    expect(second.hasEnded).toBe(false);
  });
});

describe("approve", () => {
  test("lets the parked deletions go at the next sync, and only once", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    removeMany(sandbox, FILES);
    expect((await sandbox.sync(server)).code).toBe(5);
    expect((await manage(sandbox, "approve")).code).toBe(0);
    expect((await manage(sandbox, "status")).stdout).toContain("deletions are approved and go with the next pass");
    // One of them is back: that it may be deleted was said of the other.
    sandbox.write("0.txt", "back again");
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);

    writeMany(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    removeMany(sandbox, FILES);
    expect((await sandbox.sync(server)).code).toBe(5);
    expect(sandbox.unequal(server)).toBeArrayOfSize(FILES);
  });

  test("lets the deletions go that a running watch has parked", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox);
    const watch = sandbox.watch(server);
    await waitFor("the first pass", () => watch.hasEnded || hasPassed(sandbox));
    removeMany(sandbox, FILES - 1);
    const isParked = () => sandbox.records().some(({ reason }) => reason === "parked");
    await waitFor("the parked deletions in the log", () => watch.hasEnded || isParked());
    expect(sandbox.unequal(server)).toBeArrayOfSize(FILES - 1);
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ running: true, parked: FILES - 1 })]);

    const { code, stderr } = await manage(sandbox, "approve", sandbox.folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("ends with 2 and one line when nothing waits", async () => {
    await using sandbox = createSandbox();
    const { code, stderr } = await manage(sandbox, "approve");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^miroir: [^\n]+\n$/);
  });
});
