import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestServer } from "../servers/server.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

/** Writes the configuration file of the system's place; relative paths in it start at its folder. */
function configure(sandbox: Sandbox, text: string): string {
  const file = join(sandbox.home, ".config", "miroir", "config.toml");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function website(sandbox: Sandbox, server: TestServer): string {
  return [
    "[website]",
    `folder = ${JSON.stringify(sandbox.folder)}`,
    `site = ${JSON.stringify(siteUrl(server))}`,
    `log = ${JSON.stringify(sandbox.logFile)}`,
    'log-format = "json"',
    `state-dir = ${JSON.stringify(sandbox.stateDir)}`,
    'password-file = "secret.txt"\n',
  ].join("\n");
}

function writeSecret(sandbox: Sandbox, server: TestServer): void {
  const file = join(sandbox.home, ".config", "miroir", "secret.txt");
  writeFileSync(file, `${server.password}\n`, { mode: 0o600 });
}

describe("--profile", () => {
  test("mirrors what the profile says, and status and stop know it by its name", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    configure(sandbox, `${website(sandbox, server)}rules = ["*.bak"]\n[other]\n`);
    writeSecret(sandbox, server);
    sandbox.write("a.txt", "a");
    sandbox.write("b.bak", "b");
    const watch = sandbox.start(["--profile", "website"]);
    const hasPassed = () => sandbox.records().some(({ event }) => event === "pass");
    await waitFor("the first pass", () => watch.hasEnded || hasPassed(), { state: () => watch.stderr });
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["a.txt"]);

    // The state folder stands in the profile alone.
    const status = await sandbox.run(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toEqual([expect.objectContaining({ profile: "website", running: true })]);
    const stop = await sandbox.run(["stop", "website"]);
    expect(stop).toMatchObject({ code: 0, stderr: "" });
    expect((await watch.finished()).code).toBe(0);
  });

  test("keeps its password from every other account, with and without its name on the command line", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const other = await sandbox.embedded();
    configure(sandbox, website(sandbox, server));
    writeSecret(sandbox, server);
    const elsewhere = ["--host", other.host, "--port", String(other.port), "--user", "alice", "--timeout", "5s"];
    const named = await sandbox.run(["doctor", "--profile", "website", ...elsewhere]);
    expect(named).toMatchObject({ code: 2, stdout: "" });
    expect(named.stderr).toContain('that of the profile "website" is for another');
    const unnamed = await sandbox.run(["doctor", ...elsewhere]);
    expect(unnamed).toMatchObject({ code: 2, stdout: "" });
    expect(unnamed.stderr).toContain("Missing the password of");
    expect(other.commands).toEqual([]);
    expect((await sandbox.run(["doctor", "--profile", "website"])).stdout).toContain("Logged in");
  });

  test("may be left out with FOLDER and SITE, when there is only one", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    configure(sandbox, website(sandbox, server));
    writeSecret(sandbox, server);
    sandbox.write("a.txt", "a");
    expect((await sandbox.run(["sync"])).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("leaves the configuration file out of the mirror, and warns when others can read the password in it", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const text = `${website(sandbox, server).replace(/password-file.*\n/, "")}password = "${server.password}"\n`;
    const file = sandbox.path("miroir.toml");
    writeFileSync(file, text);
    chmodSync(file, 0o644);
    const { code, stderr } = await sandbox.run(["sync", "--config", file, "--debug"]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`"${file}" holds a password`) });
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["a.txt"]);
    const log = sandbox.records();
    expect(log).toContainEqual(expect.objectContaining({ detail: `--log ${sandbox.logFile} (profile)` }));
    expect(log).toContainEqual(expect.objectContaining({ detail: "--password *** (profile)" }));
    expect(JSON.stringify(log) + stderr).not.toContain(server.password);
  });

  test.each([
    { name: "a misspelt key", line: "dept = 3", want: ':8:1: unknown key "dept"' },
    { name: "a wrong type", line: "depth = true", want: ':8:9: "depth"' },
    { name: "a wrong value", line: 'tls = "on"', want: ':8:7: Cannot use "on"' },
    { name: "a fault of syntax", line: "depth =", want: ":8:8: the value is missing" },
    { name: "a file that is not there", line: 'tls-ca = "none.pem"', want: ":8:10: Cannot read" },
    { name: "a folder that cannot be", line: 'remote-dir = "a/../b"\n', want: ':8:14: "remote-dir" is in "site"' },
  ])("ends with 2 and one line with the place, nothing touched: $name", async ({ line, want }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const file = configure(sandbox, website(sandbox, server) + line);
    writeSecret(sandbox, server);
    sandbox.write("a.txt", "a");
    const { code, stderr } = await sandbox.run(["sync", "--profile", "website"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^miroir: [^\n]+\n$/) });
    expect(stderr).toContain(file + want);
    expect(server.commands).toEqual([]);
    expect(sandbox.records()).toEqual([]);
  });

  test("a broken configuration file does not hide the mirrors", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    configure(sandbox, "[website\n");
    const { stdout, stderr } = await sandbox.run(["status", "--json", "--state-dir", sandbox.stateDir]);
    expect(JSON.parse(stdout)).toBeArrayOfSize(1);
    expect(stderr).toMatch(/^miroir: Profiles are left out\. .*config\.toml:1:9: .*\n$/);
  });
});
