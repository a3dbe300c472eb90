import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
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
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>[];
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
    expect(await statusOf(sandbox)).toEqual([expect.objectContaining({ running: false, failing: 1 })]);
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
