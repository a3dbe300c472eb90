import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { certificate } from "../servers/certificates.ts";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";

/** From now on the server has no TLS, or somebody in between says so. */
function strip(server: EmbeddedServer): void {
  server.inject({ command: "AUTH", reply: "502 Command not implemented", times: 1000 });
}

/** What a run of `auto` that sees no encryption must be like once there was one. */
async function expectRefusal(sandbox: Sandbox, server: EmbeddedServer, args = sandbox.site(autoOf(server))) {
  strip(server);
  const before = server.commands.length;
  sandbox.write("b.txt", "b");
  const { code, stderr } = await sandbox.run(["sync", ...args], sandbox.env(server));
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining("--tls off allows it") });
  expect(stderr).toContain("502 Command not implemented");
  const verbs = server.commands.slice(before).map(({ text }) => text.split(" ", 1)[0]);
  expect(verbs.filter((verb) => verb !== "QUIT")).toEqual(["AUTH"]);
}

/** The same server by `ftp://`, which is `--tls auto`. */
const autoOf = <S extends EmbeddedServer>(server: S) => ({ ...server, url: server.url.replace(/^ftp\w*:/, "ftp:") });

describe("--tls auto never goes back to plain", () => {
  test("after a pass with TLS", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(autoOf(server))).code).toBe(0);
    await expectRefusal(sandbox, server);
    expect((await sandbox.sync(autoOf(server), "--tls", "off")).code).toBe(0);
  });

  test("after a refused login", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    sandbox.write("a.txt", "a");
    const wrong = sandbox.env(server, { MIROIR_PASSWORD: "wrong" });
    expect((await sandbox.run(["sync", ...sandbox.site(autoOf(server))], wrong)).code).toBe(4);
    await expectRefusal(sandbox, server);
  });

  test("after a certificate that was not trusted", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit", certificate: certificate({ expired: true }) });
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(autoOf(server))).code).toBe(4);
    await expectRefusal(sandbox, server);
  });

  test("after another mirror saw the same server with TLS, be it as another account", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    sandbox.write("a.txt", "a");
    const other = join(sandbox.root, "other");
    mkdirSync(other);
    const site = sandbox.site(autoOf(server));
    const elsewhere = siteUrl(autoOf(server)).replace("alice@", "bob@");
    expect((await sandbox.run(["sync", ...site.with(0, other).with(1, elsewhere)], sandbox.env(server))).code).toBe(4);
    await expectRefusal(sandbox, server);
  });

  test("in the middle of a watch", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    sandbox.write("a.txt", "a");
    const watch = sandbox.watch(autoOf(server));
    await sandbox.mirrored(server, watch);
    strip(server);
    const before = server.commands.length;
    server.dropSessions();
    sandbox.write("b.txt", "b");
    while (!watch.hasEnded && !watch.stderr.includes("--tls off allows it")) await Bun.sleep(50);
    expect(watch.hasEnded).toBe(false);
    const verbs = server.commands.slice(before).map(({ text }) => text.split(" ", 1)[0] ?? "");
    expect(verbs.filter((verb) => !["AUTH", "QUIT", "NOOP"].includes(verb))).toEqual([]);
    expect(sandbox.unequal(server)).toEqual(["missing: b.txt"]);
  });

  test("but does where the server never had any, and warns at each start", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const run of ["first", "second"]) {
      sandbox.write("a.txt", run);
      const told = sandbox.records().length;
      expect((await sandbox.sync(server)).code).toBe(0);
      const warned = sandbox
        .records()
        .slice(told)
        .filter(({ event, reason }) => event === "warn" && reason === "insecure");
      expect({ run, warned: warned.length }).toEqual({ run, warned: 1 });
    }
  });
});
