import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { executable, startProgram } from "./program.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { readTree } from "./trees.ts";

/** Why system calls cannot be traced here. On the machine that must leave nothing out this is a failure. */
const isTraceable = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;
const isRequired = process.env.MIROIR_REQUIRE_ALL === "1";

const CHANGING =
  /^(?:creat|mkdir|mkdirat|mknod|mknodat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|rmdir|truncate|chmod|fchmodat|chown|lchown|fchownat|utime|utimes|utimensat|futimesat|setxattr|lsetxattr|mount)\(/;
const OPENING = /^(?:open|openat|openat2)\(.*\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b/;

interface Traced {
  /** Absolute paths that were opened for writing, made, renamed or removed. */
  changed: Set<string>;
  /** `address:port` of every connection that was asked for. */
  connected: Set<string>;
  /** Programs that were started. */
  started: string[];
}

/** Runs the executable to its end and tells what it did to the system outside itself. */
async function trace(
  sandbox: Sandbox,
  args: string[],
  env: Record<string, string>,
): Promise<Traced & { code: number }> {
  const output = join(sandbox.root, "trace");
  const calls = "trace=%file,%network,%process,openat2,fchmod,fchown,memfd_create";
  const strace = ["strace", "-f", "-qq", "-s", "8192", "-e", calls, "-e", "signal=none", "-o", output];
  const { code } = await startProgram([...strace, executable(), ...args], { cwd: sandbox.root, env }).finished();
  const traced: Traced = { changed: new Set(), connected: new Set(), started: [] };
  for (const line of readFileSync(output, "utf8").split("\n")) {
    const call = line.replace(/^\d+ +/, "").replace(/^<\.\.\. .*$/, "");
    if (CHANGING.test(call) || OPENING.test(call)) {
      for (const [, path = ""] of call.matchAll(/"((?:[^"\\]|\\.)*)"/g))
        traced.changed.add(resolve(sandbox.root, path));
    }
    const [, port, address] =
      /^connect\(.*sin6?_port=htons\((\d+)\).*inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"/.exec(call) ?? [];
    if (address !== undefined) traced.connected.add(`${address}:${port}`);
    const [, program] = /^execve\("([^"]+)"/.exec(call) ?? [];
    if (program !== undefined) traced.started.push(program);
  }
  rmSync(output);
  return { ...traced, code };
}

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

test("system calls can be traced where nothing may be left out", () => {
  expect(isTraceable || !isRequired).toBe(true);
});

describe.if(isTraceable)("a run that is traced", () => {
  test.each([
    "auto",
    "off",
  ])("opens nothing for writing but the log and its state, starts no program, and talks to the server alone, TLS %s", async (tls) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    for (let index = 0; index < 12; index++) sandbox.write(`folder ${index}/file.txt`, `content ${index}`);
    const secret = join(sandbox.root, "password");
    writeFileSync(secret, `${server.password}\n`, { mode: 0o600 });
    const before = readTree(sandbox.folder);
    const args = ["sync", ...sandbox.site({ ...server, url: server.url.replace("ftpes:", "ftp:") }), "--tls", tls];
    for (const run of ["first", "changed", "idle"]) {
      if (run === "changed") sandbox.write("folder 3/file.txt", "other content");
      const env = sandbox.env(undefined);
      const traced = await trace(sandbox, [...args, "--debug", "--password-file", secret], env);
      expect({ run, code: traced.code }).toEqual({ run, code: 0 });
      const others = [...traced.changed].filter(
        (path) => !isBelow(path, sandbox.logFile) && !isBelow(path, sandbox.stateDir),
      );
      expect({ run, others }).toEqual({ run, others: [] });
      expect(traced.changed).toContain(sandbox.logFile);
      expect([...traced.changed].some((path) => path.endsWith("/journal.jsonl")) || run === "idle").toBe(true);
      expect([...traced.connected].filter((each) => !each.startsWith(`${server.host}:`))).toEqual([]);
      expect(traced.connected.has(`${server.host}:${server.port}`)).toBe(run !== "idle");
      expect(traced.started).toEqual([executable()]);
    }
    expect([...readTree(sandbox.folder).keys()]).toEqual([...before.keys()]);
  });

  test("with --dry-run opens nothing for writing at all", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const traced = await trace(sandbox, ["sync", ...sandbox.site(server), "--dry-run"], sandbox.env(server));
    expect({ code: traced.code, changed: [...traced.changed] }).toEqual({ code: 0, changed: [] });
    expect([existsSync(sandbox.logFile), existsSync(sandbox.stateDir)]).toEqual([false, false]);
  });

  test("with the password on the command line opens its own memory besides, and a FOLDER that cannot be written is enough", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    chmodSync(sandbox.folder, 0o500);
    const args = ["sync", ...sandbox.site(server), "--password", server.password];
    const traced = await trace(sandbox, args, sandbox.env(undefined));
    chmodSync(sandbox.folder, 0o700);
    const others = [...traced.changed].filter(
      (path) => !isBelow(path, sandbox.logFile) && !isBelow(path, sandbox.stateDir),
    );
    expect({ code: traced.code, others }).toEqual({ code: 0, others: ["/proc/self/mem"] });
  });
});
