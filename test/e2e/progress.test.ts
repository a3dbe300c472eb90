import { describe, expect, test } from "bun:test";
import type { TestServer } from "../servers/server.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { startOnTerminal } from "./terminal.ts";

const FILES = 60;
const ESCAPE = "\x1b[";

/** A run whose output goes to a pseudo-terminal. */
function onTerminal(sandbox: Sandbox, server: TestServer, args: string[], env: Record<string, string> = {}) {
  return startOnTerminal(args, { cwd: sandbox.root, env: sandbox.env(server, { TERM: "xterm", ...env }) });
}

async function firstSync(more: string[], env: Record<string, string> = {}): Promise<string> {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded({ latencyMs: 20 });
  for (let index = 0; index < FILES; index++) sandbox.write(`${index}.txt`, `file ${index}`);
  using terminal = onTerminal(sandbox, server, ["sync", ...sandbox.site(server), ...more], env);
  expect(await terminal.exited()).toBe(0);
  expect(sandbox.records().filter(({ event }) => event === "upload")).toHaveLength(FILES);
  return terminal.said;
}

describe("progress on a terminal", () => {
  test("a big pass shows how far it is instead of a line for each file, then its summary", async () => {
    const text = await firstSync([]);
    expect(text).toMatch(/\[=* *\] +\d+ % {2}\d+\/60 files/);
    expect(text).not.toMatch(/^upload /m);
    expect(text).toMatch(/pass +60 uploaded/);
    // The live lines are gone at the end: nothing is painted after the last erasing.
    expect(text.slice(text.lastIndexOf(`${ESCAPE}J`))).not.toContain(" files");
  });

  test.each([
    { name: "--no-progress", more: ["--no-progress"], env: {} },
    { name: "a dumb terminal", more: [], env: { TERM: "dumb" } },
  ])("is not there with $name, and each file has its line", async ({ more, env }) => {
    const text = await firstSync([...more, "--color", "never"], env);
    expect(text).not.toContain(ESCAPE);
    expect(text.match(/^upload /gm)).toHaveLength(FILES);
  });

  test("has no colours with NO_COLOR", async () => {
    const text = await firstSync(["--tls", "auto"], { NO_COLOR: "1" });
    expect(text).toContain(" files");
    expect(text).not.toMatch(/\x1b\[\d+m/);
  });

  test("an idle watch shows one quiet line, and Ctrl-C takes it away", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    using terminal = onTerminal(sandbox, server, ["watch", ...sandbox.site(server)]);
    await terminal.asked("in sync, watching");
    expect(terminal.said).toMatch(/in sync, watching, last change \d\d:\d\d:\d\d a\.txt/);
    terminal.type("\x03");
    expect(await terminal.exited()).toBe(0);
    expect(terminal.said.slice(terminal.said.lastIndexOf(`${ESCAPE}J`))).toContain("stop ");
  });
});
