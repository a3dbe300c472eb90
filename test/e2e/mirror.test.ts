import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { availableServers } from "../servers/real.ts";
import type { TestServer } from "../servers/server.ts";
import { deepTree, isInScope } from "./deep-tree.ts";
import { eventsOf, movements } from "./records.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { countFiles, differences, readTree, type Tree } from "./trees.ts";

const SERVERS = (["embedded", ...availableServers()] as const).flatMap((kind) =>
  (["off", "explicit"] as const).map((tls) => ({ kind, tls })),
);

function inScope(tree: Tree): Tree {
  return new Map([...tree].filter(([path, kind]) => isInScope(path, kind === "folder")));
}

async function startServer(sandbox: Sandbox, { kind, tls }: (typeof SERVERS)[number]): Promise<TestServer> {
  return kind === "embedded" ? await sandbox.embedded({ tls }) : await sandbox.real(kind, tls);
}

describe.each(SERVERS)("sync to $kind with TLS $tls", (which) => {
  test("mirrors 300 files to level 6, tells what is deeper once, then has nothing to do", async () => {
    await using sandbox = createSandbox();
    const server = await startServer(sandbox, which);
    const { files, tooDeep } = deepTree();
    for (const [path, bytes] of files) sandbox.write(path, bytes);
    const wanted = inScope(readTree(sandbox.folder));
    expect(countFiles(readTree(sandbox.folder))).toBe(300);

    const first = await sandbox.sync(server);
    expect(first.code).toBe(0);
    expect(differences(wanted, readTree(remoteOf(server)))).toEqual([]);
    for (const [path, bytes] of files) {
      if (isInScope(path, false)) expect(readFileSync(join(remoteOf(server), path))).toEqual(Buffer.from(bytes));
    }
    const told = sandbox.records();
    const skips = told.filter(({ event }) => event === "skip");
    expect(skips.map(({ path, reason }) => `${reason} ${path}`).sort()).toEqual(
      tooDeep.map((path) => `too-deep ${path}/`).sort(),
    );
    expect(told.filter(({ event }) => event === "upload").map(({ path }) => path)).toBeArrayOfSize(
      [...files.keys()].filter((path) => isInScope(path, false)).length,
    );

    for (const run of ["second", "third"]) {
      const before = sandbox.records().length;
      const commandsBefore = "commands" in server ? (server.commands as unknown[]).length : 0;
      const again = await sandbox.sync(server);
      expect({ run, code: again.code, events: eventsOf(sandbox.records().slice(before)) }).toEqual({
        run,
        code: 0,
        events: ["start", "pass", "stop"],
      });
      if ("commands" in server) expect(server.commands).toBeArrayOfSize(commandsBefore);
    }
    expect(differences(wanted, readTree(remoteOf(server)))).toEqual([]);
  });

  test("adopts what the server holds when the manifest is lost, and sends nothing", async () => {
    await using sandbox = createSandbox();
    const server = await startServer(sandbox, which);
    for (let index = 0; index < 20; index++) sandbox.write(`folder ${index % 3}/file ${index}`, `content ${index}`);
    expect((await sandbox.sync(server)).code).toBe(0);
    const [mirror = ""] = readdirSync(sandbox.stateDir);
    for (const lost of [join(mirror, "manifest.json"), mirror]) {
      rmSync(join(sandbox.stateDir, lost), { recursive: true });
      const before = sandbox.records().length;
      expect((await sandbox.sync(server)).code).toBe(0);
      const told = sandbox.records().slice(before);
      expect(movements(told).filter((line) => !line.startsWith("adopt "))).toEqual([]);
      expect(told.find(({ event }) => event === "pass")).toMatchObject({ adopted: 20, uploaded: 0, failed: 0 });
      expect(sandbox.unequal(server)).toEqual([]);
    }

    const after = sandbox.records().length;
    sandbox.write("folder 1/file 1", "other content");
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(movements(sandbox.records().slice(after))).toEqual(["upload folder 1/file 1"]);
  });
});
