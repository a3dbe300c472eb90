import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { movements } from "./records.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

function writeMany(sandbox: Sandbox, count: number): void {
  for (let index = 0; index < count; index++) sandbox.write(`file ${index}.txt`, `content ${index}`);
}

const news = (sandbox: Sandbox, since: number) => sandbox.records().slice(since);

describe("exit 1", () => {
  test("for a name that cannot be sent, told once, and all the rest is mirrored", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("good.txt", "good");
    sandbox.write("two\nlines.txt", "bad");
    writeFileSync(
      Buffer.concat([Buffer.from(`${sandbox.folder}/latin-`), Buffer.from([0xe9]), Buffer.from(".txt")]),
      "bad",
    );
    expect((await sandbox.sync(server)).code).toBe(1);
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["good.txt"]);
    const skipped = sandbox.records().filter(({ event }) => event === "skip");
    expect(skipped.map(({ reason }) => reason)).toEqual(["unsafe-name", "unsafe-name"]);
    expect(server.commands.filter(({ text }) => text.includes("lines.txt"))).toEqual([]);

    const told = sandbox.records().length;
    const again = await sandbox.sync(server, "--quiet");
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toStartWith("miroir: 2 entries were not mirrored. ");
    expect(movements(news(sandbox, told))).toEqual([]);
  });

  test("for a file and a folder that cannot be read: nothing of them is deleted, and they are told again until mirrored", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["open.txt", "shut.txt", "shut/a.txt", "shut/b/c.txt"]) sandbox.write(path, path);
    expect((await sandbox.sync(server)).code).toBe(0);
    const sent = readTree(remoteOf(server));

    sandbox.write("shut.txt", "it has changed since");
    sandbox.write("open.txt", "this has changed as well");
    chmodSync(sandbox.path("shut.txt"), 0);
    chmodSync(sandbox.path("shut"), 0);
    for (const run of ["second", "third"]) {
      const told = sandbox.records().length;
      const result = await sandbox.runWithoutPrivileges(["sync", ...sandbox.site(server)], sandbox.env(server));
      const failed = news(sandbox, told).filter(({ event }) => event === "fail");
      const reasons = failed.map(({ path, reason }) => `${path} ${reason}`).sort();
      expect({ run, code: result.code, reasons }).toEqual({
        run,
        code: 1,
        reasons: ["shut unreadable", "shut.txt unreadable"],
      });
    }
    expect([...readTree(remoteOf(server)).keys()]).toEqual([...sent.keys()]);
    expect(readFileSync(join(remoteOf(server), "open.txt"), "utf8")).toBe("this has changed as well");
    expect(readFileSync(join(remoteOf(server), "shut.txt"), "utf8")).toBe("shut.txt");

    chmodSync(sandbox.path("shut.txt"), 0o644);
    chmodSync(sandbox.path("shut"), 0o755);
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("for a file the server refuses, and the others are mirrored", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ quotaBytes: 10_000 });
    sandbox.write("small.txt", "small");
    sandbox.write("big.bin", new Uint8Array(20_000));
    const result = await sandbox.sync(server, "--retries", "0");
    expect(result.code).toBe(1);
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["small.txt"]);
    const failed = sandbox.records().filter(({ event }) => event === "fail");
    expect(failed.map(({ path, reason, code }) => ({ path, reason, code }))).toEqual([
      { path: "big.bin", reason: "full", code: 552 },
    ]);
  });
});

describe("exit 3", () => {
  test("when the server goes away for good in the middle, and the next run goes on", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    writeMany(sandbox, 200);
    const sync = sandbox.start(["sync", ...sandbox.site(server), "--retries", "1"], sandbox.env(server));
    await waitFor("a part of the files", () => sync.hasEnded || server.visitor.journal.length > 30);
    const back = server.restart({ downMs: 8000 });
    expect((await sync.finished()).code).toBe(3);
    await back;
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});

describe("exit 5", () => {
  test("for an emptied FOLDER: nothing is deleted, each parked path is told", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["a.txt", "b/c.txt"]) sandbox.write(path, path);
    expect((await sandbox.sync(server)).code).toBe(0);
    const sent = readTree(remoteOf(server));
    for (const name of readdirSync(sandbox.folder)) rmSync(sandbox.path(name), { recursive: true });

    const told = sandbox.records().length;
    expect((await sandbox.sync(server)).code).toBe(5);
    expect(readTree(remoteOf(server))).toEqual(sent);
    const parked = news(sandbox, told).filter(({ reason, path }) => reason === "parked" && path !== undefined);
    expect(parked.map(({ path }) => path).sort()).toEqual(["a.txt", "b/", "b/c.txt"]);
  });

  test("for more deletions than --max-delete allows: all the rest is done, and --max-delete none lets them go", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 20);
    expect((await sandbox.sync(server)).code).toBe(0);
    for (let index = 0; index < 11; index++) rmSync(sandbox.path(`file ${index}.txt`));
    sandbox.write("new.txt", "new");
    sandbox.write("file 15.txt", "edited meanwhile");

    const told = sandbox.records().length;
    expect((await sandbox.sync(server)).code).toBe(5);
    expect(movements(news(sandbox, told)).sort()).toEqual(["upload file 15.txt", "upload new.txt"]);
    expect(sandbox.unequal(server)).toBeArrayOfSize(11);

    expect((await sandbox.sync(server, "--max-delete", "none")).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("not for ten deletions, however few files there are", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 11);
    expect((await sandbox.sync(server)).code).toBe(0);
    for (let index = 0; index < 10; index++) rmSync(sandbox.path(`file ${index}.txt`));
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("for a FOLDER that went missing, and a watch waits until it is back", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 3);
    expect((await sandbox.sync(server)).code).toBe(0);
    const sent = readTree(remoteOf(server));
    const away = join(sandbox.root, "away");
    renameSync(sandbox.folder, away);
    expect((await sandbox.sync(server)).code).toBe(5);

    const told = sandbox.records().length;
    const watch = sandbox.watch(server);
    const isTold = () => news(sandbox, told).some(({ reason }) => reason === "folder");
    await waitFor("the missing FOLDER in the log", () => watch.hasEnded || isTold());
    expect(watch.hasEnded).toBe(false);
    expect(watch.stderr).toContain(sandbox.folder);
    expect(readTree(remoteOf(server))).toEqual(sent);
    renameSync(away, sandbox.folder);
    sandbox.write("later.txt", "later");
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
  });

  test.each([
    {
      name: "a newer version",
      alter: (text: string) => text.replace('"version": 1', '"version": 2').replace('"version":1', '"version":2'),
    },
    { name: "another mirror", alter: (text: string) => text.replaceAll("/www", "/other") },
  ])("for a manifest of $name, which is left untouched", async ({ alter }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeMany(sandbox, 3);
    expect((await sandbox.sync(server)).code).toBe(0);
    const [mirror = ""] = readdirSync(sandbox.stateDir);
    const file = join(sandbox.stateDir, mirror, "manifest.json");
    const altered = alter(readFileSync(file, "utf8"));
    expect(altered).not.toBe(readFileSync(file, "utf8"));
    writeFileSync(file, altered);
    sandbox.write("new.txt", "new");
    expect((await sandbox.sync(server)).code).toBe(5);
    expect(readFileSync(file, "utf8")).toBe(altered);
    expect(existsSync(join(remoteOf(server), "new.txt"))).toBe(false);
  });
});

test("a damaged manifest is set aside under a dated name, and the site is adopted", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  writeMany(sandbox, 3);
  expect((await sandbox.sync(server)).code).toBe(0);
  const [mirror = ""] = readdirSync(sandbox.stateDir);
  const file = join(sandbox.stateDir, mirror, "manifest.json");
  const half = readFileSync(file, "utf8").slice(0, 100);
  writeFileSync(file, half);
  const sentBefore = server.transfers.length;
  expect((await sandbox.sync(server)).code).toBe(0);
  expect(server.transfers.length).toBe(sentBefore);
  const aside = readdirSync(join(sandbox.stateDir, mirror)).filter((name) => /manifest.*\d{4}-?\d\d-?\d\d/.test(name));
  expect(aside.map((name) => readFileSync(join(sandbox.stateDir, mirror, name), "utf8"))).toEqual([half]);
});

test("a missing remote folder is created at the first pass, and is exit 5 later", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  writeMany(sandbox, 3);
  expect((await sandbox.sync(server)).code).toBe(0);
  rmSync(remoteOf(server), { recursive: true });
  sandbox.write("new.txt", "new");
  expect((await sandbox.sync(server)).code).toBe(5);
  expect(existsSync(remoteOf(server))).toBe(false);
});
