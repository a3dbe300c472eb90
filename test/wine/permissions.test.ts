import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createWineSandbox, type WineSandbox } from "./wine.ts";

/** Wine keeps access lists as modes, and shows modes as access lists: others are Everyone, the group administrators. */
const othersMay = (path: string) => (statSync(path).mode & 0o007) !== 0;

function written(sandbox: WineSandbox, name: string, content: string, mode: number): string {
  const file = join(dirname(sandbox.folder), name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return sandbox.windowsPath(name);
}

describe("permissions on Windows", () => {
  test("the state, and a folder above it that is not there yet, are made for their owner alone", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const args = ["sync", ...sandbox.site(server), "--state-dir", sandbox.windowsPath("above\\state")];
    expect((await sandbox.start(args, server.password).finished()).code).toBe(0);
    const above = join(dirname(sandbox.folder), "above");
    const state = join(above, "state");
    const [mirror = ""] = readdirSync(state);
    expect([above, state, join(state, mirror)].map(othersMay)).toEqual([false, false, false]);
  });

  test.each([
    { mode: 0o644, warns: true },
    { mode: 0o600, warns: false },
  ])("a password file that Everyone may read ($warns) earns a warning, with what ends it", async ({ mode, warns }) => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const file = written(sandbox, "pw.txt", server.password, mode);
    const { code, stderr } = await sandbox.start(["sync", ...sandbox.site(server), "--password-file", file]).finished();
    expect(code).toBe(0);
    const remedy = `icacls "${file}" /inheritance:r /grant:r *S-1-5-21-0-0-0-1000:F /remove:g *S-1-1-0`;
    const warning = `The password file "${file}" is open to other accounts (Everyone): run ${remedy}`;
    expect(stderr.includes(warning)).toBe(warns);
    expect(stderr.includes("open to")).toBe(warns);
  });

  test.each([
    { mode: 0o644, warns: true },
    { mode: 0o600, warns: false },
  ])("a profile with a password that Everyone may read ($warns) earns one too", async ({ mode, warns }) => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    const text = `[one]\npassword = "${server.password}"\n`;
    const file = written(sandbox, "config.toml", text, mode);
    sandbox.write("a.txt", "a");
    const profile = ["--config", file, "--profile", "one"];
    const { code, stderr } = await sandbox.start(["sync", ...sandbox.site(server), ...profile]).finished();
    expect(code).toBe(0);
    expect(stderr.includes("holds a password and is open to other accounts (Everyone)")).toBe(warns);
  });
});
