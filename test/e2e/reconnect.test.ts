import { describe, expect, test } from "bun:test";
import { movements } from "./records.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { waitFor } from "./wait.ts";

const FILES = 200;

function writeMany(sandbox: Sandbox): void {
  for (let index = 0; index < FILES; index++)
    sandbox.write(`folder ${index % 5}/${index}`, `content ${index} `.repeat(500));
}

describe("a lost connection", () => {
  test.each([
    { tls: "off", downMs: 0 },
    { tls: "off", downMs: 2500 },
    { tls: "explicit", downMs: 1000 },
  ] as const)("with TLS $tls, down for $downMs ms in the middle: a watch goes on by itself", async ({
    tls,
    downMs,
  }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls, latencyMs: 5 });
    sandbox.write("first.txt", "first");
    const watch = sandbox.watch(server);
    await waitFor("the first pass", () => watch.hasEnded || sandbox.records().some(({ event }) => event === "pass"));
    const before = server.visitor.journal.length;
    writeMany(sandbox);
    await waitFor("a part of the files", () => watch.hasEnded || server.visitor.journal.length > before + 30);
    await server.restart({ downMs });
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    const uploads = movements(sandbox.records()).filter((line) => line.startsWith("upload "));
    expect(new Set(uploads).size).toBe(FILES + 1);
    expect(server.visitor.journal.filter(({ change }) => change === "torn" || change === "vanished")).toEqual([]);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("between two passes is not even noticed", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("first.txt", "first");
    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    await waitFor("the first pass", () => watch.hasEnded || sandbox.records().some(({ event }) => event === "pass"));
    server.dropSessions();
    sandbox.write("second.txt", "second");
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(sandbox.records().filter(({ level }) => level === "error")).toEqual([]);
  });

  test("for a moment does not fail a sync", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ latencyMs: 5 });
    writeMany(sandbox);
    const sync = sandbox.start(["sync", ...sandbox.site(server)], sandbox.env(server));
    await waitFor("a part of the files", () => sync.hasEnded || server.visitor.journal.length > 30);
    await server.restart();
    expect((await sync.finished()).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});
