import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openDeafPort } from "../servers/deaf-port.ts";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";

interface Wrong {
  name: string;
  /** What stands in front of all the rest. Default: `sync`. */
  command?: string[];
  folder?: (sandbox: Sandbox) => string[];
  site?: (server: EmbeddedServer) => string[];
  log?: (sandbox: Sandbox) => string[];
  more?: string[];
  env?: Record<string, string>;
  /** What the one line on stderr must name. */
  says: string[];
}

const MISUSES: Wrong[] = [
  { name: "an unknown option", more: ["--depht", "3"], says: ['"--depht"', '"--depth"'] },
  { name: "a missing value", more: ["--depth"], says: ['"--depth"'] },
  { name: "a value that is another option", more: ["--depth", "--debug"], says: ['"--depth"'] },
  { name: "a negative depth", more: ["--depth", "-1"], says: ['"-1"', '"--depth"'] },
  { name: "a negative depth, attached", more: ["--depth=-1"], says: ['"-1"', '"--depth"'] },
  { name: "a depth with a fraction", more: ["--depth", "2.5"], says: ['"2.5"', '"--depth"'] },
  { name: "an interval in words", more: ["--interval", "soon"], says: ['"soon"', '"--interval"'] },
  { name: "an interval of nothing", more: ["--interval", "0"], says: ['"0"', '"--interval"'] },
  { name: "a choice that does not exist", more: ["--tls", "maybe"], says: ['"maybe"', '"--tls"'] },
  { name: "a switch with a value", more: ["--dry-run=perhaps"], says: ["--dry-run"] },
  { name: "no folder", folder: () => [], site: () => [], says: ["FOLDER"] },
  { name: "an empty folder name", folder: () => [""], says: ["FOLDER"] },
  { name: "no site", site: () => [], says: ["SITE"] },
  { name: "a site of another scheme", site: () => ["http://alice@127.0.0.1/www"], says: ["http://"] },
  { name: "a site without a host", site: () => ["ftp:///www"], says: ["host"] },
  { name: "no log", log: () => [], says: ["--log"] },
  { name: "a surplus argument", more: ["surplus"], says: ['"surplus"'] },
  { name: "a misspelt command", command: ["snyc"], says: ['"snyc"', '"sync"'] },
  {
    name: "a log in a missing folder",
    log: ({ root }) => ["--log", join(root, "no folder", "m.log")],
    says: ["no folder/m.log", "--log"],
  },
  { name: "a log that is a folder", log: ({ home }) => ["--log", home], says: ["home"] },
  { name: "a missing password file", more: ["--password-file", "nothing.txt"], says: ["nothing.txt"] },
  { name: "a missing file of authorities", more: ["--tls-ca", "nothing.pem"], says: ["nothing.pem", "--tls-ca"] },
  { name: "no password and no terminal", env: { MIROIR_PASSWORD: "" }, says: ["password", "MIROIR_PASSWORD"] },
  {
    name: "a scheme against --tls",
    site: (server) => [siteUrl(server).replace("ftp:", "ftpes:")],
    more: ["--tls", "off"],
    says: ["--tls", "ftpes"],
  },
  {
    name: "implicit TLS against --tls explicit",
    site: (server) => [siteUrl(server).replace("ftp:", "ftps:")],
    more: ["--tls", "explicit"],
    says: ["--tls", "ftps"],
  },
  { name: "the host twice", more: ["--host", "127.0.0.1"], says: ["--host"] },
  { name: "a variable out of range", env: { MIROIR_DEPTH: "banana" }, says: ["banana", "MIROIR_DEPTH"] },
  { name: "wrong use of watch", command: ["watch"], more: ["--depth", "x"], says: ['"x"'] },
  { name: "wrong use with the command left out", command: [], more: ["--depth", "x"], says: ['"x"'] },
];

function expectOneLine(stderr: string): void {
  expect(stderr).toMatch(/^miroir: [^\n]+\n$/);
  expect(stderr).not.toMatch(/^\s+at |\.ts:\d|node_modules|\/\$bunfs/m);
}

function commandLine(sandbox: Sandbox, server: EmbeddedServer, wrong: Wrong): string[] {
  return [
    ...(wrong.command ?? ["sync"]),
    ...(wrong.folder?.(sandbox) ?? [sandbox.folder]),
    ...(wrong.site?.(server) ?? [siteUrl(server)]),
    ...(wrong.log?.(sandbox) ?? ["--log", sandbox.logFile]),
    ...(wrong.more ?? []),
  ];
}

describe("wrong use", () => {
  test.each(MISUSES)("$name: exit 2, one line, nothing touched", async (wrong) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const result = await sandbox.run(commandLine(sandbox, server, wrong), sandbox.env(server, wrong.env));
    expectOneLine(result.stderr);
    for (const words of wrong.says) expect(result.stderr).toContain(words);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(sandbox.logFile)).toBe(false);
    expect(readdirSync(sandbox.home)).toEqual([]);
    expect(readdirSync(sandbox.root).sort()).toEqual(["home", "site"]);
    expect(server.commands).toEqual([]);
  });
});

/** Runs what is refused: in one line, and the site is left as it was. */
async function refusedBy(sandbox: Sandbox, server: EmbeddedServer, args: string[], env = sandbox.env(server)) {
  const result = await sandbox.run(args, env);
  expectOneLine(result.stderr);
  expect(existsSync(remoteOf(server))).toBe(false);
  return { code: result.code, stderr: result.stderr };
}

describe.each(["sync", "watch"])("%s that cannot begin", (command) => {
  test("ends with 5 for a missing FOLDER", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = sandbox.site(server).with(0, join(sandbox.root, "nowhere"));
    const { code, stderr } = await refusedBy(sandbox, server, [command, ...args]);
    expect(code).toBe(5);
    expect(stderr).toContain("nowhere");
  });

  test("ends with 5 for a FOLDER that is a file", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const args = sandbox.site(server).with(0, sandbox.path("index.html"));
    expect((await refusedBy(sandbox, server, [command, ...args])).code).toBe(5);
  });

  test("ends with 4 for a wrong password, after one login", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const env = sandbox.env(server, { MIROIR_PASSWORD: "wrong" });
    const { code, stderr } = await refusedBy(sandbox, server, [command, ...sandbox.site(server)], env);
    expect(code).toBe(4);
    expect(stderr).toContain("530");
    expect(stderr).not.toContain("wrong");
    expect(server.commands.filter(({ text }) => text.startsWith("PASS"))).toBeArrayOfSize(1);
  });

  test.skipIf(process.platform !== "linux")("ends with 3 for dropped passive ports, and names one", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ dataTimeoutMs: 200 });
    using deaf = openDeafPort();
    server.inject({ command: "EPSV", rawReply: `229 Passive (|||${deaf.port}|)\r\n`, times: 99 });
    sandbox.write("a.txt", "a");
    const args = [command, ...sandbox.site(server), "--retries", "0"];
    const { code, stderr } = await sandbox.run(args, sandbox.env(server));
    expect(code).toBe(3);
    expect(stderr).toContain(`data connection to port ${deaf.port}`);
    expect(stderr).toContain("a firewall may block its passive ports");
  });

  test("ends with 3 for a closed port", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = sandbox.site(server).with(1, `ftp://alice@127.0.0.1:${await closedPort()}/www`);
    expect((await refusedBy(sandbox, server, [command, ...args])).code).toBe(3);
  });

  test("ends with 3 for an unknown host", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = sandbox.site(server).with(1, "ftp://alice@nowhere.invalid/www");
    const { code, stderr } = await refusedBy(sandbox, server, [command, ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain('"nowhere.invalid"');
  });

  test("ends with 4 for a certificate that nobody signed, before the password, and tells how to trust it", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    const args = [sandbox.folder, siteUrl(server), "--log", sandbox.logFile];
    const { code, stderr } = await refusedBy(sandbox, server, [command, ...args]);
    expect(code).toBe(4);
    expect(server.commands.filter(({ text }) => /^(USER|PASS)/.test(text))).toEqual([]);

    const trust = /--tls-fingerprint [0-9a-fA-F:]+/.exec(stderr)?.[0] ?? "";
    sandbox.write("index.html", "index");
    const trusting = await sandbox.run(["sync", ...args, ...trust.split(" ")], sandbox.env(server));
    expect(trusting.code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("ends with 4 when TLS is demanded and refused, before the password", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const args = sandbox.site(server).with(1, siteUrl(server).replace("ftp:", "ftpes:"));
    expect((await refusedBy(sandbox, server, [command, ...args])).code).toBe(4);
    expect(server.commands.filter(({ text }) => /^(USER|PASS)/.test(text))).toEqual([]);
  });

  test("ends with 2 for a log that may not be written", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const shut = join(sandbox.root, "shut");
    mkdirSync(shut);
    writeFileSync(join(shut, "m.log"), "");
    chmodSync(join(shut, "m.log"), 0o444);
    const args = sandbox.site(server).with(3, join(shut, "m.log"));
    const result = await sandbox.runWithoutPrivileges([command, ...args], sandbox.env(server));
    expectOneLine(result.stderr);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("shut/m.log");
    expect(server.commands).toEqual([]);
  });
});

/** A port that nothing listens on: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port");
  return address.port;
}
