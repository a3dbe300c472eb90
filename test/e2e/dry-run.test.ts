import { describe, expect, test } from "bun:test";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { createSandbox } from "./sandbox.ts";
import { readTree } from "./trees.ts";

describe("--dry-run", () => {
  test("prints the plan and writes neither site, state nor log", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const path of ["a.txt", "b/c.txt"]) sandbox.write(path, path);
    const before = readTree(sandbox.root);
    const first = await sandbox.sync(server, "--dry-run");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^mkdir +b\/$/m);
    expect(first.stdout).toMatch(/^upload +a\.txt /m);
    expect(first.stdout).toMatch(/^upload +b\/c\.txt /m);
    expect(readTree(sandbox.root)).toEqual(before);
    expect(readTree(server.root)).toEqual(new Map());

    expect((await sandbox.sync(server)).code).toBe(0);
    rmSync(sandbox.path("a.txt"));
    renameSync(sandbox.path("b"), sandbox.path("d"));
    const known = readTree(sandbox.root);
    const remote = readTree(server.root);
    const second = await sandbox.sync(server, "--dry-run");
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^delete +a\.txt$/m);
    expect(second.stdout).toMatch(/^rename +b\/ -> d\/$/m);
    expect(readTree(sandbox.root)).toEqual(known);
    expect(readTree(server.root)).toEqual(remote);
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
