import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REAL_SERVERS, whyMissing } from "../servers/real.ts";
import type { TestServer, TlsMode } from "../servers/server.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";

const CONTENT = { "a.txt": "a", "b/c.txt": "cc", "b/ü d.txt": "ddd", ".htaccess": "deny" };

/** FOLDER SITE and what a check needs: no log. */
function pair(sandbox: Sandbox, server: TestServer): string[] {
  const trust = server.tls === "off" ? [] : ["--tls-ca", server.certificateFile];
  return [sandbox.folder, siteUrl(server), "--state-dir", sandbox.stateDir, ...trust];
}

const check = (sandbox: Sandbox, server: TestServer, ...more: string[]) =>
  sandbox.run(["check", ...pair(sandbox, server), ...more], sandbox.env(server));

async function differences(sandbox: Sandbox, server: TestServer, ...more: string[]) {
  const { code, stdout } = await check(sandbox, server, "--json", ...more);
  const report = JSON.parse(stdout) as { differences: { path: string; kind: string }[] };
  return { code, found: report.differences.map(({ path, kind }) => `${kind} ${path}`) };
}

const fill = (sandbox: Sandbox) => {
  for (const [path, content] of Object.entries(CONTENT)) sandbox.write(path, content);
};

/** Puts a file on the site with the time it had. */
function alter(file: string, content: string): void {
  const { mtime } = statSync(file);
  writeFileSync(file, content);
  utimesSync(file, mtime, mtime);
}

const COMBINATIONS = REAL_SERVERS.filter((kind) => whyMissing(kind) === undefined).flatMap((kind) =>
  (["off", "explicit"] as TlsMode[]).map((tls) => ({ kind, tls })),
);

describe.each(COMBINATIONS)("check on $kind, TLS $tls", ({ kind, tls }) => {
  test("finds every kind of difference, and none after a sync", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.real(kind, tls);
    fill(sandbox);
    expect(await differences(sandbox, server)).toEqual({
      code: 1,
      found: ["missing ./", "missing .htaccess", "missing a.txt", "missing b/", "missing b/c.txt", "missing b/ü d.txt"],
    });
    expect((await sandbox.sync(server)).code).toBe(0);
    for (const more of [[], ["--checksum"], ["--delete", "all"]]) {
      expect(await differences(sandbox, server, ...more)).toEqual({ code: 0, found: [] });
    }
    const remote = remoteOf(server);
    alter(join(remote, "b/ü d.txt"), "DDD");
    writeFileSync(join(remote, "foreign.txt"), "x");
    expect(await differences(sandbox, server)).toEqual({ code: 0, found: [] });
    expect(await differences(sandbox, server, "--checksum")).toEqual({ code: 1, found: ["content b/ü d.txt"] });
    rmSync(join(remote, ".htaccess"));
    writeFileSync(join(remote, "b/c.txt"), "longer");
    rmSync(sandbox.path("a.txt"));
    utimesSync(join(remote, "b/ü d.txt"), 1_600_000_000, 1_600_000_000);
    expect(await differences(sandbox, server, "--delete", "all")).toEqual({
      code: 1,
      found: ["missing .htaccess", "extra a.txt", "size b/c.txt", "time b/ü d.txt", "foreign foreign.txt"],
    });
  });
});

describe("check", () => {
  test("writes nothing on either side, needs no state, and takes no lock", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    mkdirSync(remoteOf(server));
    const before = [readTree(sandbox.root), readTree(server.root)];
    expect((await check(sandbox, server)).code).toBe(1);
    expect(existsSync(sandbox.stateDir)).toBe(false);
    expect([readTree(sandbox.root), readTree(server.root)]).toEqual(before);

    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    expect(await differences(sandbox, server)).toEqual({ code: 0, found: [] });
    expect(watch.hasEnded).toBe(false);
  });

  test("takes a mirror's own command line, and leaves out its log, also where it is not told of it", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    const log = sandbox.path("mirror.log");
    const line = [...pair(sandbox, server), "--log", log, "--interval", "1s"];
    expect((await sandbox.run(["sync", ...line], sandbox.env(server))).code).toBe(0);
    const logged = statSync(log).size;
    expect((await sandbox.run(["check", ...line], sandbox.env(server))).code).toBe(0);
    expect(await differences(sandbox, server)).toEqual({ code: 0, found: [] });
    expect(statSync(log).size).toBe(logged);
  });

  test("compares what --depth, rules and links make the scope, and nothing else", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    sandbox.write("b/deep/e.txt", "e");
    sandbox.write("x.bak", "x");
    const scope = ["--depth", "1", "--exclude", "*.bak"];
    expect((await sandbox.sync(server, ...scope)).code).toBe(0);
    expect((await check(sandbox, server, ...scope)).code).toBe(0);
    expect(await differences(sandbox, server)).toEqual({
      code: 1,
      found: ["missing b/deep/", "missing b/deep/e.txt", "missing x.bak"],
    });
  });

  test("adoption by size does not vouch for times", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    for (const [path, content] of Object.entries(CONTENT)) {
      const file = join(remoteOf(server), path);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, content);
      utimesSync(file, 1_600_000_000, 1_600_000_000);
    }
    expect(await differences(sandbox, server)).toEqual({ code: 0, found: [] });
    expect((await sandbox.sync(server, "--adopt", "size")).code).toBe(0);
    expect(await differences(sandbox, server)).toEqual({ code: 0, found: [] });
  });

  test("tells people in a table, and nothing with --quiet", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    const sound = await check(sandbox, server);
    expect({ code: sound.code, stdout: sound.stdout }).toEqual({
      code: 0,
      stdout: "In sync: 4 files and 1 folder compared\n",
    });
    rmSync(join(remoteOf(server), "a.txt"));
    const { code, stdout } = await check(sandbox, server, "--tls", "off");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^DIFFERENCE +PATH +HERE +ON THE SITE\nmissing +a\.txt +1 byte +nothing\n\n1 difference /);
    expect(await check(sandbox, server, "--quiet")).toEqual({ code: 1, stdout: "", stderr: "" });
  });

  test.each([
    { name: "a wrong password", code: 4, env: { MIROIR_PASSWORD: "wrong" }, error: "login" },
    { name: "a server that is away", code: 3, more: ["--retries", "0"], error: "unreachable" },
    { name: "a missing FOLDER", code: 5, error: "folder" },
    { name: "a manifest of another mirror", code: 5, error: "manifest" },
  ])("ends with $code for $name, with one line on stderr and a whole document", async ({
    name,
    code,
    env = {},
    more = [],
    error,
  }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    if (name === "a server that is away") await server.stop();
    if (name === "a missing FOLDER") rmSync(sandbox.folder, { recursive: true });
    if (name === "a manifest of another mirror") {
      const [directory = ""] = [...readTree(sandbox.stateDir)].flatMap(([path, kind]) =>
        kind === "folder" ? [path] : [],
      );
      const file = join(sandbox.stateDir, directory, "manifest.json");
      writeFileSync(file, (await Bun.file(file).text()).replaceAll("/www", "/other"));
    }
    const args = ["check", ...pair(sandbox, server), "--json", "--tls", "off", ...more];
    const result = await sandbox.run(args, { ...sandbox.env(server), ...env });
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(/^miroir: [^\n]+\n$/);
    expect(JSON.parse(result.stdout)).toMatchObject({ inSync: false, complete: false, error: { reason: error } });
  });

  test("a file that cannot be read is not compared, and costs the others nothing", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    chmodSync(sandbox.path("b"), 0);
    const args = ["check", ...pair(sandbox, server), "--json"];
    const { code, stdout } = await sandbox.runWithoutPrivileges(args, sandbox.env(server));
    chmodSync(sandbox.path("b"), 0o755);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      complete: false,
      differences: [],
      unchecked: [{ path: "b", reason: "unreadable" }],
      compared: { files: 2 },
    });
  });

  test("works where the state folder cannot be written", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    expect((await sandbox.sync(server)).code).toBe(0);
    chmodSync(sandbox.stateDir, 0o500);
    const result = await sandbox.runWithoutPrivileges(["check", ...pair(sandbox, server)], sandbox.env(server));
    chmodSync(sandbox.stateDir, 0o700);
    expect(result.code).toBe(0);
  });

  test("--debug shows the commands on stderr, without the password", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ password: "open sesame" });
    const { stderr } = await check(sandbox, server, "--debug");
    expect(stderr).toContain("> USER alice");
    expect(stderr).toContain("--depth 6 (default)");
    expect(stderr).not.toContain("sesame");
  });

  test("is stopped at once by a signal", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    fill(sandbox);
    mkdirSync(remoteOf(server));
    server.inject({ command: "MLSD", stallMs: 60_000, when: "before" });
    const running = sandbox.start(["check", ...pair(sandbox, server)], sandbox.env(server));
    while (!server.commands.some(({ text }) => text.startsWith("MLSD"))) await Bun.sleep(20);
    running.kill("SIGINT");
    expect((await running.finished()).code).toBe(130);
  });
});
