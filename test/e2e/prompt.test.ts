import { describe, expect, test } from "bun:test";
import type { TestServer } from "../servers/server.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { startOnTerminal } from "./terminal.ts";

/** Runs a sync on a pseudo-terminal and types `keys` once it asks. */
async function syncOnTerminal(sandbox: Sandbox, server: TestServer, keys: string) {
  const surroundings = { cwd: sandbox.root, env: sandbox.env(undefined) };
  using terminal = startOnTerminal(["sync", ...sandbox.site(server)], surroundings);
  await terminal.asked("assword");
  terminal.type(keys);
  return { code: await terminal.exited(), screen: terminal.said };
}

describe("the password prompt on a terminal", () => {
  test("names the account, echoes nothing, and the typed password logs in", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ password: "hid den-\u00e9" });
    sandbox.write("a.txt", "a");
    const { code, screen } = await syncOnTerminal(sandbox, server, "hid den-\u00e9\r");
    expect(code).toBe(0);
    expect(screen).toContain("alice@127.0.0.1");
    for (const part of ["hid", "den", "*"]) expect(screen).not.toContain(part);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("takes back what Backspace and Ctrl-U take back", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await syncOnTerminal(sandbox, server, "wrong\u0015secrex\u007ft\r")).code).toBe(0);
  });

  test("ends with 130 at Ctrl-C, and nothing is touched", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const { code } = await syncOnTerminal(sandbox, server, "sec\u0003");
    expect(code).toBe(130);
    expect(server.commands).toEqual([]);
    expect(sandbox.records()).toEqual([]);
  });

  test("ends with 2 when nothing is typed", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    expect((await syncOnTerminal(sandbox, server, "\r")).code).toBe(2);
    expect(server.commands).toEqual([]);
  });
});
