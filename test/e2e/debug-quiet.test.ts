import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf } from "./records.ts";
import { createSandbox, siteUrl } from "./sandbox.ts";
import { readTree } from "./trees.ts";

describe("--debug", () => {
  test("logs commands, replies and options, and no form of the password", async () => {
    await using sandbox = createSandbox();
    const password = "s\u00e9cr/t p@ss:w\u00f6rd%41?#&";
    const server = await sandbox.embedded({ password });
    sandbox.write("a.txt", "a");
    const forms = [
      password,
      encodeURIComponent(password),
      encodeURI(password),
      Buffer.from(password).toString("base64"),
      Buffer.from(`alice:${password}`).toString("base64"),
      Buffer.from(`\0alice\0${password}`).toString("base64"),
      Buffer.from(password).toString("hex"),
    ];
    const inUrl = siteUrl(server).replace("alice@", `alice:${encodeURIComponent(password)}@`);
    const file = join(sandbox.root, "password.txt");
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    const ways = [
      { site: siteUrl(server), more: [], env: sandbox.env(server) },
      { site: siteUrl(server), more: ["--password", password], env: sandbox.env(undefined) },
      { site: siteUrl(server), more: ["--password-file", file], env: sandbox.env(undefined) },
      { site: inUrl, more: [], env: sandbox.env(undefined) },
      { site: siteUrl(server), more: [], env: sandbox.env(undefined, { MIROIR_PASSWORD: `${password}wrong` }) },
    ];
    for (const [index, { site, more, env }] of ways.entries()) {
      for (const format of ["text", "json"]) {
        // Another site each time: there is something to send.
        const where = `${site}-${index}-${format}`;
        const log = join(sandbox.root, `${index}.${format}.log`);
        const options = [
          "--debug",
          "--log",
          log,
          "--log-format",
          format,
          "--state-dir",
          join(sandbox.root, `state ${index}${format}`),
        ];
        const result = await sandbox.run(["sync", sandbox.folder, where, ...options, ...more], env);
        const isRight = index < ways.length - 1;
        expect({ index, code: result.code }).toEqual({ index, code: isRight ? 0 : 4 });
        const said = readFileSync(log, "utf8");
        expect(said).toContain("PASS ");
        expect(said).toContain("--depth 6 (default)");
        if (isRight) expect(said).toContain("STOR ");
        for (const form of forms) {
          for (const text of [said, result.stdout, result.stderr]) expect(text.includes(form)).toBe(false);
        }
      }
    }
    for (const path of readTree(sandbox.root).keys()) {
      if (!/^state .*\.(json|jsonl)$/.test(path)) continue;
      const text = readFileSync(join(sandbox.root, path), "utf8");
      for (const form of forms) expect(text.includes(form)).toBe(false);
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
