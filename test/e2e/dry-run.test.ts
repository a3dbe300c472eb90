import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { readTree } from "./trees.ts";

describe("--dry-run", () => {
  test("prints the plan and writes neither site, state nor log", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["a.txt", "b/c.txt"]) sandbox.write(path, path);
    const before = readTree(sandbox.root);
    const first = await sandbox.sync(server, "--dry-run");
    expect(first.code).toBe(0);
    expect(first.stdout.replace(/^connect .*\n/, "")).toBe(
      [
        "Folders (1):",
        "mkdir    b/ (new)",
        "",
        "Uploads, 12 bytes (2):",
        "upload   a.txt (new, 5 bytes)",
        "upload   b/c.txt (new, 7 bytes)",
        "",
        "3 steps, 12 bytes to upload; nothing was changed",
        "",
      ].join("\n"),
    );
    expect(readTree(sandbox.root)).toEqual(before);
    expect(readTree(server.root)).toEqual(new Map());

    expect((await sandbox.sync(server)).code).toBe(0);
    rmSync(sandbox.path("a.txt"));
    renameSync(sandbox.path("b"), sandbox.path("d"));
    const known = readTree(sandbox.root);
    const remote = readTree(server.root);
    const second = await sandbox.sync(server, "--dry-run");
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^delete +a\.txt \(vanished\)$/m);
    expect(second.stdout).toMatch(/^rename +b\/ -> d\/$/m);
    expect(readTree(sandbox.root)).toEqual(known);
    expect(readTree(server.root)).toEqual(remote);
  });

  test("tells what --delete all would delete of others, and deletes nothing", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    expect((await sandbox.sync(server)).code).toBe(0);
    mkdirSync(join(remoteOf(server), "theirs"));
    writeFileSync(join(remoteOf(server), "theirs", "b.txt"), "b");
    const { code, stdout } = await sandbox.sync(server, "--dry-run", "--delete", "all");
    expect(code).toBe(0);
    expect(stdout).toContain("delete   theirs/b.txt (foreign)\nrmdir    theirs/ (foreign)\n");
    expect(readdirSync(remoteOf(server)).sort()).toEqual(["a.txt", "theirs"]);
  });

  test("of an emptied FOLDER says that the deletions would wait, and ends with 5", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["a.txt", "b/c.txt"]) sandbox.write(path, path);
    expect((await sandbox.sync(server)).code).toBe(0);
    for (const path of ["a.txt", "b"]) rmSync(sandbox.path(path), { recursive: true });
    const { code, stdout } = await sandbox.sync(server, "--dry-run");
    expect(code).toBe(5);
    expect(stdout).toContain('Deletions that wait for "miroir approve". FOLDER is suddenly empty (3):\nparked   a.txt');
    expect(stdout).toContain("parked   b/ (vanished)\n");
  });

  test("lists what is not mirrored, with why, and warns of an insecure password", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    symlinkSync("a.txt", sandbox.path("link.txt"));
    sandbox.write("odd\nname.txt", "x");
    const { code, stdout, stderr } = await sandbox.sync(server, "--dry-run", "--password", server.password);
    expect(code).toBe(1);
    expect(stdout).toContain("skip     link.txt (a symbolic link)\n");
    expect(stdout).toContain("skip     odd\\nname.txt (a name that cannot be sent safely. Rename it)\n");
    expect(stderr).toMatch(/^miroir: .*password/m);
  });

  test("needs no lock and ends by itself with watch", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const watch = sandbox.watch(server);
    await sandbox.mirrored(server, watch);
    const dry = await sandbox.run(["watch", ...sandbox.site(server), "--dry-run"], sandbox.env(server));
    expect(dry.code).toBe(0);
    expect(watch.hasEnded).toBe(false);
  });

  test("ends like a run when the site cannot be reached or trusted", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("a.txt", "a");
    const wrong = sandbox.env(server, { MIROIR_PASSWORD: "wrong" });
    const result = await sandbox.run(["sync", ...sandbox.site(server), "--dry-run"], wrong);
    expect({ code: result.code, lines: result.stderr.split("\n").length - 1 }).toEqual({ code: 4, lines: 1 });
    expect(readdirSync(sandbox.root).sort()).toEqual(["home", "site"]);
  });
});
