import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createWineSandbox } from "./wine.ts";

const PASSWORD = "g\u00e9heim & 2";

describe("the password on Windows", () => {
  test.each([
    { name: "as Notepad saves it, with mark and CRLF", content: `\ufeff${PASSWORD}\r\n` },
    { name: "without a line end", content: PASSWORD },
  ])("comes from a file, $name", async ({ content }) => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded({ password: PASSWORD });
    sandbox.write("a.txt", "a");
    writeFileSync(join(dirname(sandbox.folder), "pw.txt"), content);
    const args = ["sync", ...sandbox.site(server), "--password-file", sandbox.windowsPath("pw.txt")];
    expect((await sandbox.start(args).finished()).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("comes from --password, with a warning", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded({ password: PASSWORD });
    sandbox.write("a.txt", "a");
    const { code, stderr } = await sandbox
      .start(["sync", ...sandbox.site(server), "--debug", "--password", PASSWORD])
      .finished();
    expect({ code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
    expect(stderr).toContain("can be read in the process list");
    for (const text of [stderr, readFileSync(sandbox.logFile, "utf8")]) expect(text).not.toContain(PASSWORD);
  });

  test("is asked for on a terminal, and not shown", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded({ password: PASSWORD });
    sandbox.write("a.txt", "a");
    const { code, screen } = await sandbox.type(
      ["sync", ...sandbox.site(server)],
      "assword for alice",
      `${PASSWORD}\r`,
    );
    expect({ code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
    for (const part of ["heim", "& 2", "***"]) expect(screen).not.toContain(part);
  });

  test("is missing where there is none and nobody to ask: exit 2", async () => {
    await using sandbox = createWineSandbox();
    const server = await sandbox.embedded();
    const { code, stderr } = await sandbox.start(["sync", ...sandbox.site(server)]).finished();
    expect(code).toBe(2);
    expect(stderr).toContain("MIROIR_PASSWORD");
    expect(server.commands).toEqual([]);
  });
});
