import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { executable, type Finished, startProgram } from "./program.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { waitFor } from "./wait.ts";

const VICTIM = "what must not be touched\n";

function modesBelow(folder: string): Record<string, string> {
  const modes: Record<string, string> = {};
  const walk = (at: string) => {
    modes[at === "" ? "." : at] = (statSync(join(folder, at)).mode & 0o777).toString(8);
    if (!statSync(join(folder, at)).isDirectory()) return;
    for (const name of readdirSync(join(folder, at))) walk(join(at, name));
  };
  walk("");
  return modes;
}

/** The only mirror's folder in the state folder. */
function mirrorFolder(sandbox: Sandbox): string {
  const [name = ""] = readdirSync(sandbox.stateDir);
  return join(sandbox.stateDir, name);
}

/** In a folder that others can write to, where anybody may have made it. */
function plantLink(sandbox: Sandbox, place: string): string {
  chmodSync(dirname(place), 0o777);
  const victim = join(sandbox.root, "victim");
  writeFileSync(victim, VICTIM);
  rmSync(place, { force: true });
  symlinkSync(victim, place);
  return victim;
}

describe("permissions", () => {
  test.each([
    { umask: "000", log: "640" },
    { umask: "022", log: "640" },
    { umask: "077", log: "600" },
  ])("with umask $umask the state is its owner's alone, and the log is $log", async ({ umask, log }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    for (let index = 0; index < 12; index++) sandbox.write(`${index}.txt`, `content ${index}`);
    const sync = async (): Promise<Finished> =>
      await startProgram(
        ["sh", "-c", `umask ${umask}; exec "$0" "$@"`, executable(), "sync", ...sandbox.site(server)],
        {
          cwd: sandbox.root,
          env: sandbox.env(server),
        },
      ).finished();
    expect((await sync()).code).toBe(0);
    for (let index = 0; index < 12; index++) rmSync(sandbox.path(`${index}.txt`));
    // Now deletions are parked as well.
    expect((await sync()).code).toBe(5);
    const modes = modesBelow(sandbox.stateDir);
    expect(Object.keys(modes).length).toBeGreaterThan(5);
    for (const [path, mode] of Object.entries(modes)) {
      const isFolder = statSync(join(sandbox.stateDir, path)).isDirectory();
      expect({ path, mode }).toEqual({ path, mode: isFolder ? "700" : "600" });
    }
    expect((statSync(sandbox.logFile).mode & 0o777).toString(8)).toBe(log);
  });
});

describe("a planted link is not followed", () => {
  test("in the place of the log: exit 2, and nothing else was touched", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const victim = plantLink(sandbox, sandbox.logFile);
    const { code, stderr } = await sandbox.sync(server);
    expect({ code, lines: stderr.split("\n").length - 1 }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain(`"${sandbox.logFile}": it is a symbolic link`);
    expect(readFileSync(victim, "utf8")).toBe(VICTIM);
    expect([server.commands.length, existsSync(sandbox.stateDir)]).toEqual([0, false]);
  });

  test("that leads nowhere, in the place of the log: nothing is created behind it", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const behind = join(sandbox.root, "behind");
    symlinkSync(behind, sandbox.logFile);
    chmodSync(sandbox.root, 0o777);
    expect((await sandbox.sync(server)).code).toBe(2);
    expect(existsSync(behind)).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)("of another account, in the place of the log: exit 2", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    symlinkSync(join(sandbox.root, "behind"), sandbox.logFile);
    lchownSync(sandbox.logFile, 12345, 12345);
    const { code, stderr } = await sandbox.sync(server);
    expect(code).toBe(2);
    expect(stderr).toContain("it is a symbolic link of another account. Give the file itself with --log");
    expect(existsSync(join(sandbox.root, "behind"))).toBe(false);
  });

  test("behind a link of one's own: exit 2", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    mkdirSync(join(sandbox.root, "shared"));
    symlinkSync(join("shared", "log"), sandbox.logFile);
    const victim = plantLink(sandbox, join(sandbox.root, "shared", "log"));
    const { code, stderr } = await sandbox.sync(server);
    expect(code).toBe(2);
    expect(stderr).toContain(`other accounts can write to its folder "${join(sandbox.root, "shared")}"`);
    expect(readFileSync(victim, "utf8")).toBe(VICTIM);
  });

  test("that leads in a circle, in the place of the log: exit 2", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    symlinkSync(sandbox.logFile, sandbox.logFile);
    const { code, stderr } = await sandbox.sync(server);
    expect({ code, says: stderr.includes("leads in a circle") }).toEqual({ code: 2, says: true });
  });

  test("in the place of the log of a running watch: the mirror goes on, and stderr tells", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    renameSync(sandbox.logFile, `${sandbox.logFile}.taken`);
    const victim = plantLink(sandbox, sandbox.logFile);
    for (let round = 0; round < 3; round++) {
      await Bun.sleep(1100);
      sandbox.write("a.txt", `round ${round}`);
      await sandbox.mirrored(server, watch);
    }
    expect(watch.stderr).toContain("it is a symbolic link");
    expect(readFileSync(victim, "utf8")).toBe(VICTIM);
  });

  test("of the system in the place of the log is followed: /dev/stdout", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    // By way of a pipe: what the test itself reads is a socket, which nobody can open by a name.
    const args = ["sync", ...sandbox.site(server), "--log", "/dev/stdout"];
    const { stdout } = await startProgram(["sh", "-c", '"$0" "$@" | cat', executable(), ...args], {
      cwd: sandbox.root,
      env: sandbox.env(server),
    }).finished();
    expect(stdout).toContain('"event":"upload","path":"a.txt"');
  });

  test.each([
    { name: "lock.db", code: 2 },
    { name: "manifest.json", code: 2 },
    { name: "journal.jsonl", code: 2 },
    { name: "status.json", code: 0 },
    { name: "parked.json", code: 0 },
    { name: "approved.json", code: 0 },
    { name: "owner.json", code: 0 },
    { name: "stop", code: 0 },
  ])("in the place of $name: exit $code", async ({ name, code }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    const place = join(mirrorFolder(sandbox), name);
    const victim = plantLink(sandbox, place);
    sandbox.write("b.txt", "b");
    const result = await sandbox.sync(server);
    expect({ name, code: result.code }).toEqual({ name, code });
    expect(readFileSync(victim, "utf8")).toBe(VICTIM);
    if (code === 0) return expect(sandbox.unequal(server)).toEqual([]);
    expect(result.stderr).toMatch(/^miroir: Cannot [^\n]*symbolic link[^\n]*\n$/);
    expect(existsSync(join(server.root, "www", "b.txt"))).toBe(false);
  });

  test("in the place of the mirror's own folder: exit 2", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    const own = mirrorFolder(sandbox);
    const elsewhere = join(sandbox.root, "elsewhere");
    mkdirSync(elsewhere);
    rmSync(own, { recursive: true });
    symlinkSync(elsewhere, own);
    const { code, stderr } = await sandbox.sync(server);
    expect(code).toBe(2);
    expect(stderr).toContain("symbolic link");
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test("in the place of the stop file by `miroir stop`: the link goes, the watch ends", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const watch = sandbox.watch(server);
    await waitFor("the first pass", () => watch.hasEnded || sandbox.records().some(({ event }) => event === "pass"));
    const victim = join(sandbox.root, "victim");
    symlinkSync(victim, join(mirrorFolder(sandbox), "stop"));
    const stop = await sandbox.run(["stop", "--state-dir", sandbox.stateDir]);
    expect({ code: stop.code, stderr: stop.stderr }).toEqual({ code: 0, stderr: "" });
    expect((await watch.finished()).code).toBe(0);
    expect(existsSync(victim)).toBe(false);
  });
});

describe("a link of one's own in the place of the log is followed", () => {
  test("to a file that is not there yet, on another disk as it were; it is rotated there, and the link stays", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const disk = join(sandbox.root, "disk");
    mkdirSync(disk);
    symlinkSync(join("disk", "miroir.log"), sandbox.logFile);
    for (let round = 1; round <= 2; round++) {
      sandbox.write("a.txt", `round ${round}`);
      expect((await sandbox.sync(server, "--log-size", "100")).code).toBe(0);
    }
    expect(lstatSync(sandbox.logFile).isSymbolicLink()).toBe(true);
    expect(readdirSync(disk).sort().slice(0, 2)).toEqual(["miroir.log", "miroir.log.1"]);
    expect(readFileSync(join(disk, "miroir.log"), "utf8")).toContain('"event":"stop"');
  });

  test("to a file inside FOLDER, which is not mirrored, rotated or not", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    symlinkSync(sandbox.path("own.log"), sandbox.logFile);
    for (let round = 1; round <= 3; round++) {
      sandbox.write("a.txt", `round ${round}`);
      expect((await sandbox.sync(server, "--log-size", "100")).code).toBe(0);
    }
    expect(existsSync(sandbox.path("own.log.1"))).toBe(true);
    expect(readdirSync(join(server.root, "www"))).toEqual(["a.txt"]);
  });
});

describe("a planted pipe is not waited for", () => {
  test.each([
    "manifest.json",
    "journal.jsonl",
    "status.json",
    "lock.db",
    "owner.json",
    "approved.json",
  ])("in the place of %s", async (name) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    const place = join(mirrorFolder(sandbox), name);
    rmSync(place, { force: true });
    execFileSync("mkfifo", [place]);
    expect([0, 2]).toContain((await sandbox.sync(server)).code);
    expect([0, 1]).toContain((await sandbox.run(["status", "--state-dir", sandbox.stateDir])).code);
  });

  test("in the place of the rules in FOLDER: the pass is refused", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    execFileSync("mkfifo", [sandbox.path(".miroirignore")]);
    expect((await sandbox.sync(server)).code).toBe(5);
    expect(lstatSync(sandbox.path(".miroirignore")).isFIFO()).toBe(true);
    expect(server.transfers).toEqual([]);
  });
});
