import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf, readRecords } from "./records.ts";
import { createSandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";

describe("the environment", () => {
  test("gives options, lists one item a line; flags beat it, and unknown variables are ignored", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["a.txt", "a.bak", "a.tmp", "1/b.txt", "1/2/c.txt"]) sandbox.write(path, path);
    const env = sandbox.env(server, {
      MIROIR_LOG: sandbox.logFile,
      MIROIR_LOG_FORMAT: "json",
      MIROIR_STATE_DIR: sandbox.stateDir,
      MIROIR_DEPTH: "0",
      MIROIR_EXCLUDE: "*.bak\n*.tmp",
      MIROIR_NONSENSE: "ignored",
    });
    expect((await sandbox.run(["sync", sandbox.folder, siteUrl(server)], env)).code).toBe(0);
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["a.txt"]);
    expect(eventsOf(readRecords(sandbox.logFile))).toContain("upload");
    expect(existsSync(sandbox.stateDir)).toBe(true);

    expect((await sandbox.run(["sync", sandbox.folder, siteUrl(server), "--depth", "1"], env)).code).toBe(0);
    expect([...readTree(remoteOf(server)).keys()]).toEqual(["1", "1/b.txt", "a.txt"]);
  });

  test("may give the site itself, literally", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const env = sandbox.env(server, {
      MIROIR_HOST: server.host,
      MIROIR_PORT: String(server.port),
      MIROIR_USER: server.user,
      MIROIR_REMOTE_DIR: "100%41/www",
    });
    expect((await sandbox.run(["sync", sandbox.folder, "--log", sandbox.logFile], env)).code).toBe(0);
    expect([...readTree(server.root).keys()]).toEqual(["100%41", "100%41/www", "100%41/www/a.txt"]);
  });
});

describe("a variable of the runtime", () => {
  test("is warned of, in log and terminal", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const env = sandbox.env(server, { BUN_OPTIONS: "--smol" });
    const { code, stderr } = await sandbox.run(["sync", ...sandbox.site(server)], env);
    expect(code).toBe(0);
    expect(stderr).toContain('The variable "BUN_OPTIONS" is set: what it names runs inside miroir. Unset it');
    expect(sandbox.records()).toContainEqual(expect.objectContaining({ event: "warn", reason: "insecure" }));
  });

  test("does not reach the watch that --restart starts", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const proof = join(sandbox.root, "proof");
    const preload = join(sandbox.root, "preload.cjs");
    const line = "process.argv.slice(2).join(' ') + '\\n'";
    writeFileSync(preload, `require("node:fs").appendFileSync(${JSON.stringify(proof)}, ${line});\n`);
    const env = sandbox.env(server, { BUN_OPTIONS: `--preload ${preload}` });
    const watch = sandbox.start(["watch", ...sandbox.site(server), "--restart"], env);
    await sandbox.mirrored(server, watch);
    expect((await sandbox.run(["stop", "--state-dir", sandbox.stateDir])).code).toBe(0);
    expect((await watch.finished()).code).toBe(0);
    const ran = readFileSync(proof, "utf8").trimEnd().split("\n");
    expect(ran.filter((args) => args.startsWith("watch "))).toHaveLength(1);
    expect(ran.filter((args) => args.includes("--no-restart"))).toEqual([]);
    expect(watch.stderr).not.toContain("BUN_OPTIONS");
  });
});

describe("the current folder", () => {
  test("gives neither settings by .env nor code by bunfig.toml", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const trap = join(sandbox.root, "trap");
    mkdirSync(trap);
    const proof = join(sandbox.root, "proof");
    const settings = `MIROIR_PASSWORD=${server.password}\nMIROIR_LOG=${join(sandbox.root, "trap.log")}\n`;
    for (const name of [".env", ".env.local", ".env.production", ".env.development"])
      writeFileSync(join(trap, name), settings);
    writeFileSync(join(trap, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    const code = `require("node:fs").writeFileSync(${JSON.stringify(proof)}, "it ran");\n`;
    for (const name of ["preload.ts", "index.ts", "main.ts"]) writeFileSync(join(trap, name), code);
    writeFileSync(join(trap, "package.json"), '{ "name": "trap", "main": "index.ts", "type": "commonjs" }');
    writeFileSync(join(trap, "tsconfig.json"), "{ this is not JSON");

    const env = sandbox.env(undefined);
    const unlogged = await sandbox.run(["sync", sandbox.folder, siteUrl(server)], env, trap);
    expect({ code: unlogged.code, namesLog: unlogged.stderr.includes("--log") }).toEqual({ code: 2, namesLog: true });
    const args = ["sync", sandbox.folder, siteUrl(server), "--log", sandbox.logFile];
    const unnamed = await sandbox.run(args, env, trap);
    expect({ code: unnamed.code, namesPassword: unnamed.stderr.includes("password") }).toEqual({
      code: 2,
      namesPassword: true,
    });
    expect((await sandbox.run(args, sandbox.env(server), trap)).code).toBe(0);
    expect(existsSync(proof)).toBe(false);
    expect(readdirSync(sandbox.root).sort()).toEqual(["home", "miroir.log", "site", "trap"]);
  });

  test("is where relative paths begin", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const args = ["sync", "site", siteUrl(server), "--log", "relative.log", "--state-dir", "relative state"];
    expect((await sandbox.run(args, sandbox.env(server))).code).toBe(0);
    expect(readdirSync(sandbox.root).sort()).toEqual(["home", "relative state", "relative.log", "site"]);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});
