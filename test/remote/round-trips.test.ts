import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../src/remote/session.ts";
import type { Operation, SiteError } from "../../src/remote/site.ts";
import type { Fault } from "../servers/embedded.ts";
import { overhear } from "../servers/overhear.ts";
import { accountOf, jobOf, openFolder, performed, rejectionOf, treeOf, uploadInARow } from "./remote-folder.ts";
import { asTestServer, ftpAnswers, type ScriptedServer, startScriptedServer, until } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

const deletions = (count: number): Operation[] =>
  Array.from({ length: count }, (_, index) => ({ op: "delete", path: `file ${index}` }));

/** A server that says nothing to a DELE until so many of them have come, and then answers them all. */
function hesitatingServer(count: number, said: string[] = Array(count).fill("250 Deleted")) {
  const unanswered = { now: 0, most: 0 };
  const answers = ftpAnswers({
    DELE: () => {
      unanswered.most = Math.max(unanswered.most, ++unanswered.now);
      if (unanswered.now < count) return undefined;
      unanswered.now = 0;
      return said.join("\r\n");
    },
  });
  return { unanswered, start: () => startScriptedServer(answers) };
}

const alone = (server: ScriptedServer): Parameters<typeof openFolder> => [
  { ...asTestServer(server), root: "", stop: async () => {} },
  { isLoginFolder: true },
];

describe("deletions", () => {
  test("go out in four windows, the answers to which may all be on their way", async () => {
    const { start, unanswered } = hesitatingServer(4 * 64);
    await using server = await start();
    await using folder = openFolder(...alone(server));
    const results = await performed(folder.site, deletions(3 * 4 * 64));
    expect(results).toEqual(deletions(3 * 4 * 64).map(({ path }) => `delete ${path} done`));
    expect(unanswered.most).toBe(4 * 64);
  });

  test("that were answered before the session ended are done, and no other is", async () => {
    const { start } = hesitatingServer(200, [...Array(70).fill("250 Deleted"), "421 Closing"]);
    await using server = await start();
    await using folder = openFolder(...alone(server));
    const done: string[] = [];
    const deleting = folder.site.perform(deletions(200), ({ path }, { status }) => done.push(`${path} ${status}`));
    expect(await rejectionOf(deleting)).toMatchObject({ kind: "unknown" });
    expect(done).toEqual(deletions(70).map(({ path }) => `${path} done`));
  });

  test("whose end cannot be noted are the last on their session", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 1 });
    const full = new Error("the disk is full");
    const deleting = folder.site.perform(deletions(300), () => {
      throw full;
    });
    expect(await rejectionOf(deleting)).toBe(full);
    expect(await performed(folder.site, deletions(1))).toEqual(["delete file 0 absent"]);
    expect(verbsOf(server).filter((verb) => verb === "USER")).toHaveLength(2);
  });
});

describe("sessions that are expected", () => {
  test("log in beside the first before anybody needs them, and are used then", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 3 });
    folder.site.expect(100);
    await folder.site.open(true);
    const logins = () => verbsOf(server).filter((verb) => verb === "PASS").length;
    await until(() => logins() === 3);
    const rows = ["a", "b", "c"].map((name) =>
      uploadInARow(folder.site, [jobOf(`${name}1`, "x"), jobOf(`${name}2`, "y")]),
    );
    expect((await Promise.all(rows)).flat()).toMatchObject(Array(6).fill({ sizeBytes: 1 }));
    expect(logins()).toBe(3);
  });

  test("are not opened before the first has logged in: a wrong password is tried once", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { account: { password: "wrong" } });
    folder.site.expect(4);
    expect(await rejectionOf(folder.site.open(true))).toMatchObject({ reason: "login" });
    expect(verbsOf(server)).toEqual(["USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD"]);
  });

  test("that the server does not take are told of once, and done without", async () => {
    await using server = await embedded({ maxSessions: 2 });
    await using folder = openFolder(server, { connections: 4 });
    folder.site.expect(4);
    await folder.site.open(true);
    const rows = [..."abcd"].map((name) => uploadInARow(folder.site, [jobOf(name, "x")]));
    expect((await Promise.all(rows)).flat()).toMatchObject(Array(4).fill({ sizeBytes: 1 }));
    expect(folder.site.parallel).toBe(2);
    expect(folder.degraded).toEqual([expect.stringContaining("Going on with 2 at once")]);
  });

  test("that stand only after all was dropped do not stay", async () => {
    await using server = await embedded({ faults: [{ command: "GREETING", occurrence: 2, delayReplyMs: 50 }] });
    await using folder = openFolder(server, { connections: 2 });
    folder.site.expect(2);
    await folder.site.open(true);
    await until(() => server.sessionsOpen === 2);
    await folder.site.close();
    await until(() => verbsOf(server).filter((verb) => verb === "PASS").length === 2);
    await until(() => server.sessionsOpen === 0);
  });
});

describe("a further session", () => {
  test("logs in with the name and the password at once", async () => {
    await using server = await embedded();
    await using overheard = await overhear(server);
    await using folder = openFolder({ ...overheard.server, root: server.root }, { connections: 2 });
    folder.site.expect(2);
    await folder.site.open(true);
    await until(() => overheard.dialogues[1]?.length === 1);
    expect(overheard.dialogues[0]?.slice(0, 2)).toEqual(["USER", "PASS FEAT OPTS TYPE PWD"]);
    expect(overheard.dialogues[1]).toEqual(["USER PASS FEAT OPTS TYPE PWD"]);
  });

  test.each([
    {
      name: "that ends over it logs in one command at a time",
      faults: [{ command: "USER", occurrence: 2, drop: "control", when: "after" }],
      want: "done",
    },
    {
      name: "whose name is refused is no session",
      faults: [{ command: "USER", occurrence: 2, times: 9, reply: "530 Not you" }],
      want: "login",
    },
  ] satisfies Array<{ name: string; faults: Fault[]; want: string }>)("$name", async ({ faults, want }) => {
    await using server = await embedded({ faults });
    await using folder = openFolder(server, { connections: 2 });
    await folder.site.open(true);
    const rows = ["a", "b"].map((name) =>
      uploadInARow(folder.site, [jobOf(name, "x")]).then(
        () => "done",
        (error) => error.reason,
      ),
    );
    expect((await Promise.all(rows)).toSorted()).toEqual(["done", want].toSorted());
  });

  test("whose name is let in without a password now does not mind that one was sent", async () => {
    const answers = ftpAnswers({ USER: "230 Welcome", PASS: "503 You are logged in" });
    await using server = await startScriptedServer(answers);
    const account = accountOf({ ...alone(server)[0] }, { isPasswordWanted: true });
    const session = await openSession(account);
    expect(session).toMatchObject({ loginFolder: "/", isPasswordWanted: false });
    session.close();
  });
});

describe("trying names out", () => {
  test("takes one write for all names, one for a listing, and one to clear them away", async () => {
    await using server = await embedded();
    await using overheard = await overhear(server);
    await using folder = openFolder({ ...overheard.server, root: server.root }, { connections: 1 });
    await folder.site.open(false);
    const [dialogue = []] = overheard.dialogues;
    const before = dialogue.length;
    await folder.site.probeNames(".miroir-probe", ["A", " ", "é", "网"]);
    const said = dialogue.slice(before).map((verbs) => [...new Set(verbs.split(" "))].join(" "));
    expect(said).toEqual(["MKD MLST", "EPSV MLSD", "RMD"]);
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test("takes one command at a time where several cost the session", async () => {
    await using server = await embedded({
      faults: [{ command: "MKD", occurrence: 2, drop: "control", when: "before" }],
    });
    await using folder = openFolder(server, { connections: 1 });
    await rejectionOf(folder.site.probeNames(".miroir-1", ["A"]));
    expect(await folder.site.probeNames(".miroir-2", ["A"])).toMatchObject({ foldsCase: false, altered: new Set() });
    expect(folder.degraded).toEqual([expect.stringContaining("sending them one at a time")]);
  });
});

describe("a listing", () => {
  test("is asked for in one write with its port, as often as it is asked for", async () => {
    await using server = await embedded();
    await using overheard = await overhear(server);
    await using folder = openFolder({ ...overheard.server, root: server.root }, { connections: 1 });
    await folder.site.open(false);
    const [dialogue = []] = overheard.dialogues;
    const before = dialogue.length;
    writeFileSync(join(folder.disk, "a"), "");
    for (let times = 0; times < 2; times++)
      expect((await folder.site.list("")).entries.map(({ name }) => name)).toEqual(["a"]);
    expect(dialogue.slice(before)).toEqual(["EPSV MLSD", "EPSV MLSD"]);
  });

  test.each([
    { name: "EPSV is refused", fault: { command: "EPSV", reply: "502 No such command" } },
    { name: "EPSV is refused for now", fault: { command: "EPSV", reply: "425 Not now" } },
    { name: "EPSV is answered by nonsense", fault: { command: "EPSV", rawReply: "229 Over there\r\n" } },
    { name: "session ends over it", fault: { command: "MLSD", drop: "control", when: "before" } },
  ] satisfies Array<{ name: string; fault: Fault }>)("whose $name takes two writes from then on", async ({ fault }) => {
    await using server = await embedded({ faults: [fault], dataTimeoutMs: 100 });
    await using overheard = await overhear(server);
    await using folder = openFolder({ ...overheard.server, root: server.root }, { connections: 1 });
    writeFileSync(join(folder.disk, "a"), "");
    const list = () => folder.site.list("");
    const { entries } = await list().catch((error: SiteError) => {
      if (error.kind === "permanent") throw error;
      return list();
    });
    expect(entries.map(({ name }) => name)).toEqual(["a"]);
    expect(overheard.dialogues.at(-1)?.slice(-2)).toEqual(["EPSV", "MLSD"]);
  });

  test("of a server that names no EPSV waits for the port", async () => {
    const answers = {
      FEAT: "211-Features:\r\n SIZE\r\n MLST type*;size*;\r\n211 End",
      MLST: "250-x\r\n type=dir; /\r\n250 End",
      EPSV: "425 Not now",
    };
    await using server = await startScriptedServer(ftpAnswers(answers));
    await using folder = openFolder(...alone(server));
    expect(await rejectionOf(folder.site.list(""))).toMatchObject({ reason: "refused", code: 425 });
    expect(server.received.filter((line) => /^(EPSV|MLSD)/.test(line))).toEqual(["EPSV"]);
  });
});
