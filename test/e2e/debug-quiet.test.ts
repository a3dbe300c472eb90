import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { eventsOf } from "./records.ts";
import { createSandbox } from "./sandbox.ts";

describe("--debug", () => {
  test.each(["text", "json"])("logs commands, replies, and every option with its source, as %s", async (format) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server, "--debug", "--log-format", format)).code).toBe(0);
    const said = readFileSync(sandbox.logFile, "utf8");
    for (const part of ["> STOR ", "< 226 ", "> PASS ###", "--depth 6 (default)", `--log-format ${format} (flag)`]) {
      expect(said).toContain(part);
    }
  });

  test("off writes neither commands nor options", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(eventsOf(sandbox.records())).toEqual(["start", "connect", "warn", "upload", "pass", "stop"]);
  });
});

test("--quiet says nothing on the terminal when all is well, and still says what fails", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  sandbox.write("a.txt", "a");
  expect(await sandbox.sync(server, "--quiet")).toEqual({ code: 0, stdout: "", stderr: "" });
  const wrong = sandbox.env(server, { MIROIR_PASSWORD: "wrong" });
  sandbox.write("b.txt", "b");
  const refused = await sandbox.run(["sync", ...sandbox.site(server), "--quiet"], wrong);
  expect({ code: refused.code, stdout: refused.stdout, lines: refused.stderr.split("\n").length - 1 }).toEqual({
    code: 4,
    stdout: "",
    lines: 1,
  });
});
