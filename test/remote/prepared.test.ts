import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { certificate } from "../servers/certificates.ts";
import type { Fault } from "../servers/embedded.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import { jobOf, openFolder, type RemoteFolder, rejectionOf, treeOf, uploadInARow } from "./remote-folder.ts";
import { asTestServer, ftpAnswers, portOf, startScriptedServer, until } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

/** Writes on control connections, each the verbs that went out before anything was waited for. */
function createTranscript() {
  const writes: string[][] = [];
  let isAnswered = true;
  return {
    transcribe(line: string) {
      const isCommand = line.startsWith("> ");
      if (isCommand && isAnswered) writes.push([]);
      if (isCommand) writes.at(-1)?.push(line.slice(2).split(" ", 1)[0] ?? "");
      isAnswered = !isCommand;
    },
    /** Those since the last time. */
    take: () => writes.splice(0),
  };
}

const contentAt = ({ disk }: RemoteFolder, path: string) => readFileSync(join(disk, path), "utf8");

for (const kind of REAL_SERVERS) {
  for (const tls of ["off", "explicit"] as const) {
    describe.skipIf(whyMissing(kind) !== undefined)(`prepare() on ${kind}, TLS ${tls}`, () => {
      const setTime = kind === "vsftpd" ? "MDTM" : "MFMT";
      const arrival = kind === "vsftpd" ? [["STOR", "SIZE", setTime]] : [["STOR"], ["SIZE", setTime]];
      const rename = ["RNFR", "RNTO"];

      test("asks in one write, and the upload begins with its STOR; one that is not prepared costs a write more", async () => {
        const server = await startRealServer(kind, { tls, certificate: certificate() });
        const transcript = createTranscript();
        const { transcribe } = transcript;
        await using folder = openFolder(server, { isAbsolute: true, connections: 2, account: { transcribe } });
        await folder.site.open(false);
        transcript.take();
        expect(await folder.site.prepare()).toBe(true);
        expect(transcript.take()).toEqual([[kind === "vsftpd" ? "CWD" : "MLST", "EPSV"]]);
        expect(await uploadInARow(folder.site, [jobOf("a", "content")])).toMatchObject([{ dated: true }]);
        expect(transcript.take()).toEqual([...arrival, rename]);
        await uploadInARow(folder.site, [jobOf("b", "content")]);
        expect(
          transcript
            .take()
            .flat()
            .filter((verb) => verb === "EPSV"),
        ).toHaveLength(1);
        expect(contentAt(folder, "a")).toBe("content");
        expect(folder.degraded.join()).not.toContain("beforehand");
        await server.stop();
      }, 60_000);

      test("that led to nothing harms nothing: the session goes on, with listings, steps and uploads", async () => {
        const server = await startRealServer(kind, { tls, certificate: certificate() });
        const transcript = createTranscript();
        const { transcribe } = transcript;
        await using folder = openFolder(server, { isAbsolute: true, connections: 1, account: { transcribe } });
        await folder.site.open(false);
        transcript.take();
        for (const path of ["a", "b", "c"]) {
          await folder.site.prepare();
          expect((await folder.site.list("")).complete).toBe(true);
          await folder.site.prepare();
          await folder.site.perform([{ op: "mkdir", path: `folder ${path}` }], () => {});
          // Still waiting behind the other steps.
          await uploadInARow(folder.site, [jobOf(path, `content of ${path}`), jobOf(`folder ${path}/x`, "x")]);
        }
        expect(treeOf(folder.disk)).toEqual(
          ["a", "b", "c", ...["a", "b", "c"].flatMap((path) => [`folder ${path}/`, `folder ${path}/x`])].sort(),
        );
        const verbs = transcript.take().flat();
        expect(verbs).not.toContain("USER");
        expect(verbs.filter((verb) => verb === "EPSV")).toHaveLength(3 * 4);
        expect(folder.degraded.join()).not.toContain("beforehand");
        await server.stop();
      }, 60_000);
    });
  }
}

describe("a prepared upload", () => {
  const TEN = Array.from({ length: 10 }, (_, index) => `file ${index}`);

  async function uploadAll(folder: RemoteFolder, paths: string[]): Promise<void> {
    const jobs = paths.map((path) => jobOf(path, `content of ${path}`));
    const results = await uploadInARow(folder.site, jobs);
    const left = jobs.filter((_, index) => !results[index] || results[index] instanceof Error);
    for (const job of left) await folder.site.upload(job);
    for (const path of paths) expect(contentAt(folder, path)).toBe(`content of ${path}`);
    expect(treeOf(folder.disk)).toEqual([...paths].sort());
    return;
  }

  test("may be followed by many, on several sessions", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 3 });
    await folder.site.open(true);
    expect(await folder.site.prepare()).toBe(true);
    const rows = [TEN.slice(0, 4), TEN.slice(4, 7), TEN.slice(7)];
    await Promise.all(
      rows.map((row) =>
        uploadInARow(
          folder.site,
          row.map((path) => jobOf(path, path)),
        ),
      ),
    );
    expect(treeOf(folder.disk)).toEqual(TEN);
    expect(folder.degraded).toEqual([]);
  });

  const FAULTS: Array<{ name: string; fault: Fault; isTold?: true }> = [
    { name: "EPSV is refused", fault: { command: "EPSV", reply: 500 } },
    { name: "EPSV is refused for a while", fault: { command: "EPSV", reply: 425 } },
    { name: "the port is closed", fault: { command: "EPSV", reset: true, when: "after" } },
    { name: "the port is nonsense", fault: { command: "EPSV", rawReply: "229 Entering (|||0|)\r\n" } },
    { name: "the connection ends over EPSV", fault: { command: "EPSV", drop: "control", when: "after" } },
    { name: "EPSV is never answered", fault: { command: "EPSV", withholdReply: true } },
    { name: "EPSV is answered late", fault: { command: "EPSV", delayReplyMs: 300 } },
    { name: "MLST is refused", fault: { command: "MLST", reply: 550 } },
    { name: "STOR finds no data connection", fault: { command: "STOR", reply: 425 }, isTold: true },
    { name: "the transfer breaks", fault: { command: "STOR", reset: true }, isTold: true },
    { name: "the connection ends over STOR", fault: { command: "STOR", drop: "control", when: "before" } },
    { name: "STOR is never answered", fault: { command: "STOR", withholdReply: true }, isTold: true },
    { name: "STOR is refused", fault: { command: "STOR", reply: 552 } },
    { name: "less arrives than was sent", fault: { command: "STOR", truncateAt: 3 } },
  ];
  test.concurrent.each(FAULTS)("arrives all the same when $name", async ({ fault, isTold }) => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 2, account: { timeoutMs: 1000 } });
    await folder.site.open(true);
    server.inject(fault);
    await folder.site.prepare();
    await uploadAll(folder, ["a", "b", "c"]);
    expect(folder.degraded).toEqual(isTold ? [expect.stringContaining("opened beforehand")] : []);
    await folder.site.prepare();
    await uploadAll(folder, ["a", "b", "c"]);
  });

  test("asks for another port when the connection was reset while it waited", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 1 });
    await folder.site.open(true);
    await folder.site.prepare();
    await Bun.sleep(20);
    server.resetData();
    await Bun.sleep(20);
    const before = server.commands.length;
    await uploadAll(folder, ["a"]);
    expect(verbsOf(server).slice(before)).toEqual(["EPSV", "STOR", "SIZE", "MFMT", "RNFR", "RNTO"]);
    expect(folder.degraded).toEqual([]);
  });

  test("logs in again when the server was restarted meanwhile", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 1 });
    await folder.site.open(true);
    await folder.site.prepare();
    await server.restart();
    await uploadAll(folder, ["a", "b"]);
    expect(folder.degraded).toEqual([]);
  });

  test("tells that the remote folder is gone, as one does that is not prepared", async () => {
    await using server = await embedded();
    await using folder = openFolder(server);
    await folder.site.open(true);
    expect(await folder.site.prepare()).toBe(true);
    renameSync(folder.disk, `${folder.disk} elsewhere`);
    const [error] = await uploadInARow(folder.site, [jobOf("a", "content")]);
    expect(error).toMatchObject({ kind: "fatal", reason: "missing" });
    expect(await folder.site.prepare()).toBe(false);
    expect(await rejectionOf(folder.site.open(false))).toMatchObject({ reason: "missing" });
  });
});

describe("prepare()", () => {
  test("opens no session, and asks nothing where none stands idle", async () => {
    await using server = await embedded();
    await using folder = openFolder(server);
    expect(await folder.site.prepare()).toBe(false);
    expect(server.commands).toEqual([]);
    expect(server.sessionsOpen).toBe(0);
  });

  /** A server whose data connections come to the test. */
  async function waiting(onData: (data: Socket, say: (text: string) => void) => void) {
    let say = (_: string) => {};
    const data: Socket[] = [];
    const listener = createServer((socket) => {
      data.push(socket.on("error", () => {}).resume());
      onData(socket, say);
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const server = await startScriptedServer(
      ftpAnswers({ EPSV: () => `229 Entering (|||${portOf(listener)}|)`, MLST: "250-\r\n type=dir; www\r\n250 End" }),
    );
    say = (text) => void server.latest()?.write(`${text}\r\n`);
    const folder = openFolder({ ...asTestServer(server), root: "/tmp", stop: async () => {} }, { isLoginFolder: true });
    await folder.site.open(true);
    await folder.site.entry("x");
    return {
      data,
      server,
      folder,
      async [Symbol.asyncDispose]() {
        await folder.site.close();
        await server[Symbol.asyncDispose]();
        await new Promise((resolve) => listener.close(resolve));
      },
    };
  }

  test("leaves nothing open when the site is closed", async () => {
    await using scene = await waiting(() => {});
    await scene.folder.site.prepare();
    await until(() => scene.data.length === 1);
    const [data] = scene.data;
    if (!data) throw new Error("nobody came");
    const gone = new Promise((resolve) => data.once("close", resolve));
    await scene.folder.site.close();
    await gone;
  });

  test("lets a connection go that nothing needs, and stops when the server stumbles over that", async () => {
    await using scene = await waiting((data, say) => data.once("close", () => say("426 Connection closed")));
    const { folder, server } = scene;
    await folder.site.prepare();
    await until(() => scene.data.length === 1);
    const control = server.latest();
    if (!control) throw new Error("there is no session");
    await new Promise((resolve) => control.once("close", resolve));
    await folder.site.entry("x");
    await folder.site.prepare();
    await folder.site.prepare();
    expect(folder.degraded).toEqual([expect.stringContaining("opened beforehand")]);
    expect(server.received.filter((line) => line === "EPSV")).toHaveLength(1);
  }, 30_000);
});
