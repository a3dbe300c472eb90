import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type Sandbox, siteUrl } from "../e2e/sandbox.ts";
import { waitFor } from "../e2e/wait.ts";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { builtExecutable } from "./artefacts.ts";
import { startUserSystemd } from "./user-systemd.ts";

const EXECUTABLE = builtExecutable("linux-x64");

/** The command line of a service for this sandbox, its password in a file. */
function serviceLine(sandbox: Sandbox, server: EmbeddedServer): string[] {
  const passwordFile = join(sandbox.root, "100% $secret");
  writeFileSync(passwordFile, `${server.password}\n`, { mode: 0o600 });
  const files = ["--log", sandbox.logFile, "--log-format", "json", "--password-file", passwordFile];
  return [sandbox.folder, siteUrl(server), ...files];
}

const unitFiles = (sandbox: Sandbox) => {
  const folder = join(sandbox.home, ".config", "systemd", "user");
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((n) => n.includes("miroir"))
    : [];
};

const starts = (sandbox: Sandbox) => sandbox.records().filter(({ event }) => event === "start");

describe("miroir service, with a real systemd of the account", () => {
  test("install begins a watch that is restarted after a kill; a second install replaces it; remove leaves nothing", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    await using systemd = await startUserSystemd(sandbox.home);
    const miroir = (...args: string[]) => systemd.run(EXECUTABLE, ...args);
    sandbox.write("index.html", "index 1");
    const line = serviceLine(sandbox, server);

    const installed = await miroir("service", "install", ...line);
    expect(installed).toMatchObject({ code: 0, stderr: "" });
    const [, unit = ""] = /^(miroir-[\w-]+) watches from now on/.exec(installed.stdout) ?? [];
    await sandbox.mirrored(server);
    sandbox.write("index.html", "index 2");
    await sandbox.mirrored(server);
    expect(await systemd.show(`${unit}.service`, "Restart")).toBe("on-failure");
    expect(await systemd.show(`${unit}.service`, "UnsetEnvironment")).toBe("BUN_OPTIONS BUN_BE_BUN");
    expect((await miroir("service", "list")).stdout).toContain(`Mirrors ${sandbox.folder} to ftp://alice@`);

    const pid = await systemd.show(`${unit}.service`, "MainPID");
    process.kill(Number(pid), "SIGKILL");
    const isWaiting = async () => (await systemd.show(`${unit}.service`, "SubState")) === "auto-restart";
    await waitFor("systemd to wait for the restart", isWaiting);

    expect((await miroir("service", "install", ...line)).code).toBe(0);
    expect(unitFiles(sandbox)).toEqual([`${unit}.service`, `default.target.wants/${unit}.service`]);
    sandbox.write("index.html", "index 3");
    await sandbox.mirrored(server);

    const removed = await miroir("service", "remove", sandbox.folder);
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(unitFiles(sandbox)).toEqual([]);
    expect(await systemd.show(`${unit}.service`, "ActiveState")).toBe("inactive");
    expect(await systemd.show(`${unit}.service`, "LoadState")).toBe("not-found");
    expect(sandbox.records().at(-1)).toMatchObject({ event: "stop", exit: 0 });
    expect((await miroir("service", "list")).stdout).toBe("No services\n");
  });

  test("a watch whose login is refused is not started again", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    await using systemd = await startUserSystemd(sandbox.home);
    sandbox.write("index.html", "index");
    const line = serviceLine(sandbox, server);
    writeFileSync(join(sandbox.root, "100% $secret"), "wrong\n");
    const { stdout } = await systemd.run(EXECUTABLE, "service", "install", ...line);
    const [, unit = ""] = /^(miroir-[\w-]+) /.exec(stdout) ?? [];
    const hasFailed = async () => (await systemd.show(`${unit}.service`, "ActiveState")) === "failed";
    await waitFor("the watch to fail", hasFailed);
    expect(await systemd.show(`${unit}.service`, "ExecMainStatus")).toBe("4");
    expect(await systemd.show(`${unit}.service`, "SubState")).toBe("failed");
    expect((await systemd.run(EXECUTABLE, "service", "remove")).code).toBe(0);
    expect(unitFiles(sandbox)).toEqual([]);
  });

  test("install --every syncs at once, and again when the time has come", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    await using systemd = await startUserSystemd(sandbox.home);
    sandbox.write("index.html", "index 1");
    const line = serviceLine(sandbox, server);
    const installed = await systemd.run(EXECUTABLE, "service", "install", ...line, "--every", "1m");
    expect(installed).toMatchObject({ code: 0, stderr: "" });
    await sandbox.mirrored(server);
    expect(starts(sandbox)).toMatchObject([{ command: "sync" }]);
    sandbox.write("index.html", "index 2");
    const isDone = () => starts(sandbox).length === 2 && sandbox.unequal(server).length === 0;
    await waitFor("the second run", isDone, { state: () => JSON.stringify(sandbox.records()) });

    const [first, second] = starts(sandbox).map(({ time }) => Date.parse(String(time)));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(55_000);
    expect(unitFiles(sandbox).filter((name) => name.endsWith(".timer"))).toHaveLength(2);
    expect((await systemd.run(EXECUTABLE, "service", "remove")).code).toBe(0);
    expect(unitFiles(sandbox)).toEqual([]);
  }, 120_000);
});

describe("watch --restart", () => {
  test("gives a stop on to the watch, and ends as it does", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const outer = sandbox.watch(server, "--restart");
    await sandbox.mirrored(server, outer);
    outer.kill("SIGTERM");
    expect((await outer.finished()).code).toBe(0);
    expect(sandbox.records().at(-1)).toMatchObject({ event: "stop", exit: 0 });
  });

  test("ends where miroir stop ends the watch, and where the login is refused", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    const outer = sandbox.watch(server, "--restart");
    await sandbox.mirrored(server, outer);
    expect((await sandbox.run(["stop", "--state-dir", sandbox.stateDir])).code).toBe(0);
    expect((await outer.finished()).code).toBe(0);
    const other = sandbox.start(
      ["watch", ...sandbox.site(server), "--restart", "--state-dir", join(sandbox.root, "other")],
      {
        ...sandbox.env(server),
        MIROIR_PASSWORD: "wrong",
      },
    );
    expect((await other.finished()).code).toBe(4);
  });
});
