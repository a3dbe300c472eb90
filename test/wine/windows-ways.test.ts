import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "../e2e/program.ts";
import { eventsOf, movements } from "../e2e/records.ts";
import { waitFor } from "../e2e/wait.ts";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createWineSandbox, type WineSandbox } from "./wine.ts";

function sync(sandbox: WineSandbox, server: EmbeddedServer, ...more: string[]): Promise<Finished> {
  return sandbox.start(["sync", ...sandbox.site(server), ...more], server.password).finished();
}

const state = (sandbox: WineSandbox) => ["--state-dir", sandbox.windowsPath("state")];

describe("the Windows executable", () => {
  test("knows FOLDER as the same, however it is written", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index");
    expect((await sync(sandbox, server)).code).toBe(0);
    const folder = sandbox.windowsPath("site");
    const told = sandbox.records().length;
    for (const written of [folder.replaceAll("\\", "/").toLowerCase(), `\\\\?\\${folder}\\`]) {
      const args = sandbox.site(server).with(0, written);
      expect((await sandbox.start(["sync", ...args], server.password).finished()).code).toBe(0);
    }
    expect(movements(sandbox.records().slice(told))).toEqual([]);
    expect(readdirSync(sandbox.stateDir)).toHaveLength(1);
  });

  test("mirrors names that Windows reserves, where they are there", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    for (const name of ["aux.txt", "con", "nul.html", "COM1"]) sandbox.write(name, name);
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("tells a file that another program keeps for itself, mirrors the others, and that one later", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("open.txt", "open");
    sandbox.write("locked.txt", "locked");
    const held = await sandbox.hold("site\\locked.txt", "none");
    const first = await sync(sandbox, server, "--quiet");
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('Cannot open "locked.txt": it is in use by another program (EBUSY)');
    expect(movements(sandbox.records()).filter((line) => line.startsWith("upload "))).toEqual(["upload open.txt"]);
    await held.release();
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("sends a file to its end though another program wants to replace it, and the new one then", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("page.bin", "old".repeat(500_000));
    writeFileSync(join(sandbox.folder, "..", "new.bin"), "new".repeat(400_000));
    const sending = sandbox.start(["sync", ...sandbox.site(server), "--limit-rate", "150k"], server.password);
    const isSending = () => sending.hasEnded || server.commands.some(({ text }) => text.startsWith("STOR "));
    await waitFor("the upload to begin", isSending, { state: () => sending.stderr });
    // Wine refuses it while the file is open.
    expect(await sandbox.replace("new.bin", "site\\page.bin")).toBe("EPERM");
    expect(sending.hasEnded).toBe(false);
    expect((await sending.finished()).code).toBe(0);
    expect(await sandbox.replace("new.bin", "site\\page.bin")).toBe("replaced");
    expect((await sync(sandbox, server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("loses nothing where another program keeps the manifest from being replaced", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("1.txt", "1");
    expect((await sync(sandbox, server)).code).toBe(0);
    sandbox.write("2.txt", "2");
    const [id = ""] = readdirSync(sandbox.stateDir);
    const held = await sandbox.hold(`state\\${id}\\manifest.json`, "read");
    const hindered = await sync(sandbox, server, "--quiet");
    expect(hindered).toMatchObject({
      stdout: "",
      stderr: expect.stringMatching(/^miroir: [^\n]*manifest\.json[^\n]*\n/),
    });
    await held.release();
    const told = sandbox.records().length;
    expect((await sync(sandbox, server)).code).toBe(0);
    expect({ unequal: sandbox.unequal(server), again: movements(sandbox.records().slice(told)) }).toEqual({
      unequal: [],
      again: [],
    });
  });

  test("is shown by status while it watches, and ended by stop, also when it is to be started again", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = sandbox.start([...sandbox.site(server), "--restart"], server.password);
    const isMirrored = () => watch.hasEnded || sandbox.unequal(server).length === 0;
    await waitFor("the first pass", isMirrored, { state: () => watch.stderr });
    const status = await sandbox.start(["status", "--json", ...state(sandbox)], "").finished();
    const shown = JSON.parse(status.stdout);
    expect(shown).toEqual([
      expect.objectContaining({ running: true, command: "watch", pending: 0, failing: 0, lagMs: 0 }),
    ]);
    const stop = await sandbox.start(["stop", sandbox.windowsPath("site"), ...state(sandbox)], "").finished();
    expect({ code: stop.code, stderr: stop.stderr }).toEqual({ code: 0, stderr: "" });
    expect((await watch.finished()).code).toBe(0);
    expect(eventsOf(sandbox.records()).at(-1)).toBe("stop");
    expect(readdirSync(join(sandbox.remote(server)))).toEqual(["index.html"]);
  });

  test("shows the task that would start it", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    const args = [...sandbox.site(server), "--password-file", sandbox.windowsPath("pw"), "--print"];
    const { code, stdout } = await sandbox.start(["service", "install", ...args], "").finished();
    expect(code).toBe(0);
    expect(stdout).toContain(`<Command>${sandbox.windowsPath("miroir.exe")}</Command>`);
    expect(stdout).toContain(`watch ${sandbox.windowsPath("site")} ftp://alice@127.0.0.1`);
    expect(stdout).toMatch(/<UserId>[^<]+<\/UserId>/);
  });
});
