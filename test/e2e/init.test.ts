import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { startOnTerminal } from "./terminal.ts";
import { readTree } from "./trees.ts";

const configFolder = (sandbox: Sandbox) => join(sandbox.home, ".config", "miroir");
const configFile = (sandbox: Sandbox) => join(configFolder(sandbox), "config.toml");
const modeOf = (file: string) => statSync(file).mode & 0o777;

function writeTree(sandbox: Sandbox): void {
  sandbox.write("index.html", "hello");
  sandbox.write("a/b/deep.txt", "deep");
  sandbox.write("x.bak", "old");
}

function onTerminal(sandbox: Sandbox, ...args: string[]) {
  return startOnTerminal(["init", ...args], { cwd: sandbox.root, env: sandbox.env(undefined) });
}

/** FOLDER and SITE as typed: the server by name, the account on its own. */
async function answer(terminal: ReturnType<typeof onTerminal>, sandbox: Sandbox, server: EmbeddedServer) {
  await terminal.asked("Folder to mirror");
  terminal.type(`${join(sandbox.root, "nowhere")}\r`);
  await terminal.asked("it does not exist");
  await terminal.asked("Folder to mirror");
  terminal.type(`${sandbox.folder}\r`);
  await terminal.asked("FTP server");
  terminal.type(`127.0.0.1:${server.port}\r`);
  await terminal.asked("Folder on the server");
  terminal.type("www\r");
  await terminal.asked("Account");
  terminal.type("alice\r");
  await terminal.asked("Name of the profile [site]");
  terminal.type("my site\r");
  await terminal.asked("Password for alice@127.0.0.1");
}

describe("init on a terminal", () => {
  test("asks, offers to trust the certificate, shows what would be mirrored, and its profile works", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    writeTree(sandbox);
    using terminal = onTerminal(sandbox, "--exclude", "*.bak", "--depth", "1");
    await answer(terminal, sandbox, server);
    terminal.type("wrong\r");
    await terminal.asked("fingerprint  ");
    await terminal.asked("Trust this certificate");
    terminal.type("y\r");
    await terminal.asked("530");
    await terminal.asked("Password for");
    terminal.type(`${server.password}\r`);
    await terminal.asked("Logged in, encrypted");
    await terminal.asked("1 file in 1 folder, 5 B");
    await terminal.asked("1 left out, excluded by a rule: x.bak");
    await terminal.asked("1 left out, below 1 level of sub-folders (--depth): a/b/");
    await terminal.asked("[Y/n]");
    expect(existsSync(configFolder(sandbox))).toBe(false);
    terminal.type("\r");
    expect(await terminal.exited()).toBe(0);
    for (const secret of ["wrong", server.password]) expect(terminal.said).not.toContain(secret);

    const next = [...terminal.said.matchAll(/^ {2}miroir (.*?)\r$/gm)].map(([, command]) => command);
    expect(next).toEqual(['sync --profile "my site" --dry-run', 'watch --profile "my site"', "status"]);
    const text = readFileSync(configFile(sandbox), "utf8");
    expect(text).toContain(`["my site"]`);
    expect(text).toContain(`site = "ftpes://alice@127.0.0.1:${server.port}/www"`);
    expect(text).not.toContain(server.password);
    expect(readFileSync(join(configFolder(sandbox), "my-site.password"), "utf8")).toBe(`${server.password}\n`);
    expect(readdirSync(configFolder(sandbox)).map((name) => modeOf(join(configFolder(sandbox), name)))).toEqual([
      0o600, 0o600,
    ]);
    expect(server.commands.filter(({ text }) => /^(STOR|MKD|DELE|RNFR)/.test(text))).toEqual([]);

    expect((await sandbox.run(["sync", "--profile", "my site"])).code).toBe(0);
    expect([...readTree(remoteOf(server)).keys()].sort()).toEqual(["a", "index.html"]);
  });

  test.each([
    { name: "at the first question", until: "Folder to mirror", key: "\x03" },
    { name: "at the password", until: "Password for", key: "sec\x03" },
    { name: "at the last question", until: "[Y/n]", key: "\x03" },
  ])("leaves nothing when it is interrupted $name", async ({ until, key }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeTree(sandbox);
    using terminal = onTerminal(sandbox);
    if (until === "Folder to mirror") await terminal.asked(until);
    else await answer(terminal, sandbox, server);
    if (until === "[Y/n]") {
      terminal.type(`${server.password}\r`);
      await terminal.asked(until);
    }
    terminal.type(key);
    expect(await terminal.exited()).toBe(130);
    expect(readdirSync(sandbox.home)).toEqual([]);
    expect(existsSync(sandbox.stateDir)).toBe(false);
  });

  test("ends at Ctrl-C while the server does not answer", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ faults: [{ command: "GREETING", withholdReply: true }] });
    using terminal = onTerminal(sandbox, sandbox.folder, siteUrl(server));
    await terminal.asked("Name of the profile");
    terminal.type("\r");
    await terminal.asked("Password for");
    terminal.type(`${server.password}\r`);
    await terminal.asked("Connecting to");
    terminal.type("\x03");
    expect(await terminal.exited()).toBe(130);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test("replaces a profile only after a yes", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const env = sandbox.env(server);
    const args = [sandbox.folder, siteUrl(server), "--profile", "p"];
    expect((await sandbox.run(["init", ...args], env)).code).toBe(0);
    const before = readFileSync(configFile(sandbox), "utf8");
    for (const { key, code } of [
      { key: "n\r", code: 2 },
      { key: "y\r", code: 0 },
    ]) {
      using terminal = startOnTerminal(["init", ...args, "--depth", "2"], { cwd: sandbox.root, env });
      await terminal.asked("Replace it?");
      terminal.type(key);
      expect(await terminal.exited()).toBe(code);
      const now = readFileSync(configFile(sandbox), "utf8");
      expect(now.includes("\ndepth = 2\n")).toBe(code === 0);
      expect(now === before).toBe(code !== 0);
    }
  });
});

describe("init without a terminal", () => {
  test("writes the profile from what the command line says, beside the others", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    writeTree(sandbox);
    const config = join(sandbox.root, "conf", "m.toml");
    const secret = join(sandbox.root, "secret");
    writeFileSync(secret, `${server.password}\n`, { mode: 0o600 });
    const where = ["--config", config, "--password-file", "secret", "--log", "m.log", "--state-dir", "state"];
    for (const name of ["one", "two"]) {
      const done = await sandbox.run(["init", sandbox.folder, siteUrl(server), "--profile", name, ...where]);
      expect(done).toMatchObject({ code: 0, stderr: "" });
      expect(done.stdout).toContain(`miroir watch --profile ${name} --config ${config}`);
    }
    expect(readdirSync(join(sandbox.root, "conf"))).toEqual(["m.toml"]);
    const run = await sandbox.run(["sync", "--profile", "two", "--config", config], undefined, sandbox.home);
    expect(run.code).toBe(0);
    expect(readdirSync(sandbox.root)).toContain("m.log");
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("--dry-run shows the profile and writes nothing", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = ["init", sandbox.folder, siteUrl(server), "--profile", "p", "--dry-run"];
    const { code, stdout } = await sandbox.run(args, sandbox.env(server));
    expect(code).toBe(0);
    expect(stdout).toContain("[p]\n");
    expect(stdout).not.toContain(server.password);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test.each<{ name: string; args: (url: string) => string[]; password?: string; code: number; want: string }>([
    { name: "nothing", args: () => [], code: 2, want: "Missing FOLDER, SITE, --password-file FILE" },
    {
      name: "no password",
      args: (url) => ["site", url],
      code: 2,
      want: "Missing --password-file FILE: there is no terminal",
    },
    {
      name: "a folder that is not there",
      args: (url) => ["nowhere", url],
      password: "secret",
      code: 5,
      want: '"nowhere"',
    },
    { name: "a wrong password", args: (url) => ["site", url], password: "wrong", code: 4, want: "530" },
    {
      name: "no server",
      args: () => ["site", "ftp://alice@127.0.0.1:1/"],
      password: "x",
      code: 3,
      want: "nothing listens there",
    },
    {
      name: "rules that are not there",
      args: (url) => ["site", url, "--ignore-file", "r"],
      password: "secret",
      code: 2,
      want: '"r"',
    },
  ])("ends with $code and one line for $name, and nothing is written", async ({ args, password, code, want }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const env = sandbox.env(undefined, password === undefined ? {} : { MIROIR_PASSWORD: password });
    const done = await sandbox.run(["init", ...args(siteUrl(server))], env);
    expect(done.code).toBe(code);
    expect(done.stderr).toMatch(/^miroir: [^\n]+\n$/);
    expect(done.stderr).toContain(want.replace('"nowhere"', join(sandbox.root, "nowhere")));
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test("shows an untrusted certificate with the option that would trust it", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    const args = ["init", sandbox.folder, siteUrl(server), "--profile", "p"];
    const refused = await sandbox.run(args, sandbox.env(server));
    expect(refused.code).toBe(4);
    const [, option = "", fingerprint = ""] = /(--tls-fingerprint) ([0-9a-f]{64})/.exec(refused.stderr) ?? [];
    expect((await sandbox.run([...args, option, fingerprint], sandbox.env(server))).code).toBe(0);
    expect(readFileSync(configFile(sandbox), "utf8")).toContain(`tls-fingerprint = "${fingerprint}"`);
  });

  test("does not write over a profile of that name unless told, and not into a file it cannot read", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = ["init", sandbox.folder, siteUrl(server), "--profile", "p"];
    expect((await sandbox.run(args, sandbox.env(server))).code).toBe(0);
    const before = readFileSync(configFile(sandbox), "utf8");
    const refused = await sandbox.run(args, sandbox.env(server));
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--overwrite") });
    expect(readFileSync(configFile(sandbox), "utf8")).toBe(before);
    expect((await sandbox.run([...args, "--overwrite", "--depth", "2"], sandbox.env(server))).code).toBe(0);
    expect(readFileSync(configFile(sandbox), "utf8")).toBe(
      before.replace(/(log = .*\n)/, "$1\n# As it was when this was written.\ndepth = 2\n"),
    );
    expect(readdirSync(configFolder(sandbox)).sort()).toEqual(["config.toml", "p.password"]);

    writeFileSync(configFile(sandbox), "[p\n");
    const broken = await sandbox.run([...args, "--overwrite"], sandbox.env(server));
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining("config.toml:1:3: ") });
    expect(readFileSync(configFile(sandbox), "utf8")).toBe("[p\n");
  });
});
