import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { openDeafPort } from "../servers/deaf-port.ts";
import { REAL_SERVERS, whyMissing } from "../servers/real.ts";
import type { TestServer } from "../servers/server.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { readTree } from "./trees.ts";

function doctor(sandbox: Sandbox, server: TestServer, ...more: string[]) {
  const trust = server.tls === "off" ? [] : ["--tls-ca", server.certificateFile];
  return sandbox.run(["doctor", siteUrl(server), ...trust, ...more], sandbox.env(server));
}

interface Document {
  site: string;
  healthy: boolean;
  steps: { step: string; status: string; found: string; server: string | null; advice: string | null }[];
}

describe.each(REAL_SERVERS.filter((kind) => whyMissing(kind) === undefined))("doctor on %s", (kind) => {
  test("finds it ready to mirror, encrypted, and leaves nothing on either side", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.real(kind, "explicit");
    const before = readTree(sandbox.root);
    const { code, stdout, stderr } = await doctor(sandbox, server);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^✓ encryption +TLSv1\.3, certificate of "127\.0\.0\.1"/m);
    expect(stdout).toMatch(/^✓ write +A file can be stored/m);
    expect(stdout).toMatch(/^✓ left behind +Nothing\n\nReady to mirror, \d warnings?\n$/m);
    expect(readdirSync(server.root)).toEqual([]);
    expect(readTree(sandbox.root)).toEqual(before);
  });
});

const DROPPED = {
  name: "dropped passive ports, and a server that gives up first",
  code: 1,
  says: ["✗ data connection", "to port"],
};

describe("doctor", () => {
  test("--json prints one document, and nothing else", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    const { code, stdout, stderr } = await doctor(sandbox, server, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const document = JSON.parse(stdout) as Document;
    expect(document).toMatchObject({ site: `ftp://alice@127.0.0.1:${server.port}/www`, healthy: true });
    expect(document.steps.find(({ step }) => step === "rename")).toEqual({
      step: "rename",
      status: "ok",
      found: "A file can be renamed, also over another",
      server: null,
      advice: null,
    });
    expect(existsSync(sandbox.stateDir)).toBe(false);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test.each([
    { name: "closed passive ports", code: 1, says: ["✗ data connection", "firewall"] },
    { name: "closed passive ports, and a server that tells so itself", code: 1, says: ["✗ data connection", "425"] },
    ...(process.platform === "linux" ? [DROPPED] : []),
    { name: "a certificate nobody vouches for", code: 4, says: ["✗ encryption", "self-signed", "--tls-fingerprint "] },
    { name: "a wrong password", code: 4, says: ["✗ login", "530"] },
    { name: "a server that is away", code: 3, says: ["✗ port", "nothing listens there"] },
  ])("$name: exit $code, with the step that failed and an advice", async ({ name, code, says }) => {
    await using sandbox = createSandbox();
    const isSoon = name.includes("tells") || name.includes("gives up");
    const server = await sandbox.embedded({ tls: "explicit", ...(isSoon && { dataTimeoutMs: 500 }) });
    using deaf = name.startsWith("dropped") ? openDeafPort() : undefined;
    if (deaf) server.inject({ command: "EPSV", rawReply: `229 Passive (|||${deaf.port}|)\r\n`, times: 9 });
    if (name.startsWith("closed passive ports")) {
      server.inject({ command: "EPSV", rawReply: "229 Passive (|||1|)\r\n", times: 9 });
    }
    if (name === "a server that is away") await server.stop();
    const trust = name.startsWith("a certificate") ? [] : ["--tls-ca", server.certificateFile];
    const env = sandbox.env(server, name === "a wrong password" ? { MIROIR_PASSWORD: "wrong" } : {});
    const result = await sandbox.run(["doctor", siteUrl(server), ...trust], env);
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code, stderr: "" });
    for (const text of says) expect(result.stdout).toContain(text);
    expect(result.stdout).toContain("→ ");
    expect(result.stdout).toMatch(/^1 problem/m);

    const quiet = await sandbox.run(["doctor", siteUrl(server), ...trust, "--quiet"], env);
    expect(quiet.code).toBe(code);
    expect(quiet.stdout).toMatch(/^✗ /);
    expect(quiet.stdout).not.toMatch(/^[✓!-]/m);
  });

  test("writes ASCII for a terminal that knows no other letters", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const { stdout } = await sandbox.run(["doctor", siteUrl(server)], sandbox.env(server, { LC_ALL: "C" }));
    expect(stdout).toMatch(/^ok login/m);
    expect(stdout).toMatch(/^! {2}encryption/m);
    expect(stdout).toMatch(/^[\n -~]*$/);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s in the middle leaves nothing on the server", async (signal) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    server.inject({ command: "STOR", stallMs: 60_000, when: "during" });
    const running = sandbox.start(["doctor", siteUrl(server)], sandbox.env(server));
    while (!server.commands.some(({ text }) => text.startsWith("STOR"))) await Bun.sleep(20);
    expect([...readTree(server.root).keys()].length).toBeGreaterThan(0);
    running.kill(signal);
    const { code, stdout } = await running.finished();
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
    expect(stdout).toMatch(/^✓ left behind +Nothing$/m);
    expect(readTree(server.root)).toEqual(new Map());
  });

  test("--debug shows the dialogue on stderr, without the password", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ password: "open sesame" });
    const { stderr } = await doctor(sandbox, server, "--debug");
    expect(stderr).toContain("> USER alice");
    expect(stderr).toContain("--connections 4 (default)");
    expect(stderr).not.toContain("sesame");
  });

  test.each<{ args: string[]; says: string }>([
    { args: ["doctor"], says: "Missing SITE" },
    { args: ["doctor", "ftp://a@127.0.0.1", "more"], says: '"more"' },
    { args: ["doctor", "ftp://a@127.0.0.1", "--depth", "3"], says: '"--depth"' },
    { args: ["doctor", "http://a@127.0.0.1"], says: "http://" },
  ])("$args is exit 2", async ({ args, says }) => {
    await using sandbox = createSandbox();
    const { code, stdout, stderr } = await sandbox.run(args, sandbox.env(undefined));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^miroir: [^\n]+\n$/);
    expect(stderr).toContain(says);
  });
});
