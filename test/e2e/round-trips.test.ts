import { describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import { overhear } from "../servers/overhear.ts";
import { availableServers } from "../servers/real.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

const SERVERS = ["embedded", ...availableServers()] as const;

const LOGIN = ["USER", "PASS FEAT OPTS TYPE PWD"];

async function fill(sandbox: Sandbox, kind: (typeof SERVERS)[number], paths: string[]) {
  for (const path of paths) sandbox.write(path, `content of ${path}`);
  const server = kind === "embedded" ? await sandbox.embedded() : await sandbox.real(kind, "off");
  return { server, look: server.kind === "vsftpd" ? "CWD" : "MLST" };
}

const paths = (count: number) => Array.from({ length: count }, (_, index) => `folder-${index % 5}/file-${index}`);

/** What one connection says up to the first command of that verb. */
function before(verb: string, dialogue: readonly string[] | undefined): string[] {
  const first = dialogue?.findIndex((said) => said.split(" ").includes(verb)) ?? -1;
  return dialogue?.slice(0, first) ?? [];
}

describe.each(SERVERS)("a sync to %s waits", (kind) => {
  test("for a login, the remote folder and the folders in it before the first of many files goes out", async () => {
    await using sandbox = createSandbox();
    const { server, look } = await fill(sandbox, kind, paths(100));
    await using overheard = await overhear(server);
    expect(await sandbox.sync(overheard.server, "--tls", "off", "--connections", "4")).toMatchObject({ code: 0 });
    expect(sandbox.unequal(server)).toEqual([]);
    const [first, ...others] = overheard.dialogues;
    const asking = kind === "vsftpd" ? [] : ["EPSV"];
    expect(before("STOR", first)).toEqual([...LOGIN, `${look} MKD`, "MKD MKD MKD MKD MKD", ...asking]);
    expect(others).toHaveLength(3);
    for (const [login] of others) expect(login).toBe("USER PASS FEAT OPTS TYPE PWD");
  });

  test.each([
    { what: "deletion", verbs: "DELE", act: (path: string) => rmSync(path) },
    { what: "rename", verbs: "RNFR RNTO", act: (path: string) => renameSync(path, `${path}-renamed`) },
  ])("for a login and the remote folder before the first $what, and then for none of them", async ({ verbs, act }) => {
    await using sandbox = createSandbox();
    const { server, look } = await fill(sandbox, kind, paths(210));
    await using overheard = await overhear(server);
    const sync = () => sandbox.sync(overheard.server, "--tls", "off", "--connections", "4");
    expect(await sync()).toMatchObject({ code: 0 });
    overheard.forget();
    for (const path of paths(210).slice(0, 90)) act(sandbox.path(path));
    expect(await sync()).toMatchObject({ code: 0 });
    expect(sandbox.unequal(server)).toEqual([]);
    expect(overheard.dialogues).toHaveLength(1);
    const [dialogue = []] = overheard.dialogues;
    const all = dialogue.filter((said) => said !== "QUIT").map((said) => [...new Set(said.split(" "))].join(" "));
    expect(all).toEqual([...LOGIN, look, verbs]);
  });
});
