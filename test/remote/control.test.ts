import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../src/remote/session.ts";
import type { Fault } from "../servers/embedded.ts";
import type { TlsMode } from "../servers/server.ts";
import { accountOf, jobOf, openFolder, performed, rejectionOf, treeOf } from "./remote-folder.ts";
import { converse, until } from "./scripted-server.ts";
import { embedded } from "./started-server.ts";

const KIB = 1024;
const TLS_MODES: TlsMode[] = ["off", "explicit", "implicit"];

describe("replies cut into packets", () => {
  test.each([1, 3, 40])("of %d bytes are read whole", async (chunkBytes) => {
    await using talk = await converse(() => undefined);
    const answers = talk.pipeline.exchange([
      { text: "SIZE a", expects: [213] },
      { text: "FEAT", expects: [211] },
      { text: "STOR", expects: [226] },
    ]);
    await talk.sayInPieces("213 12345\r\n211-Features:\r\n UTF8 é😀\r\n211 End\r\n226 ok\r\n", chunkBytes);
    expect((await answers).map(({ lines }) => lines)).toEqual([
      ["213 12345"],
      ["211-Features:", " UTF8 é😀", "211 End"],
      ["226 ok"],
    ]);
    expect(talk.transcript.slice(3)).toEqual([
      "< 213 12345",
      "< 211-Features:",
      "<  UTF8 é😀",
      "< 211 End",
      "< 226 ok",
    ]);
  });

  test.each(
    TLS_MODES.flatMap((tls) => [1, 3, 40].map((replyChunkBytes) => ({ tls, replyChunkBytes }))),
  )("of $replyChunkBytes bytes: a Site works, TLS $tls", async ({ tls, replyChunkBytes }) => {
    await using server = await embedded({ tls, replyChunkBytes });
    await using folder = openFolder(server);
    await folder.site.open(true);
    expect(await folder.site.upload(jobOf("a", "x".repeat(12_345)))).toMatchObject({
      sizeBytes: 12_345,
      dated: true,
    });
    expect((await folder.site.list("")).entries).toMatchObject([{ name: "a", sizeBytes: 12_345 }]);
    const results = await performed(folder.site, [
      { op: "mkdir", path: "b" },
      { op: "rename", from: "a", path: "b/a", isFolder: false },
      { op: "delete", path: "gone" },
    ]);
    expect(results).toEqual(["mkdir b done", "rename b/a done", "delete gone absent"]);
    expect(server.sessionsOpen).toBe(1);
  });
});

describe("a refusal whose data connection was reset before it came", () => {
  const refusal = (reply: string): Fault[] => [
    { command: "STOR", reset: true, when: "before" },
    { command: "STOR", stallMs: 100, when: "before" },
    { command: "STOR", reply },
  ];

  test.each(TLS_MODES)("is the refusal, TLS %s", async (tls) => {
    await using server = await embedded({ tls });
    await using folder = openFolder(server, { connections: 1 });
    await folder.site.open(true);
    for (const fault of refusal("550 Not allowed")) server.inject(fault);
    const error = await rejectionOf(folder.site.upload(jobOf("a", "x")));
    expect(error).toMatchObject({ code: 550, kind: "permanent", reason: "refused" });
    expect(error.message).toContain("550 Not allowed");
    expect(error.message).toEndWith(". Check that the account may write in that folder of the server");
    await folder.site.upload(jobOf("a", "x"));
    expect(server.commands.filter(({ text }) => text.startsWith("USER"))).toHaveLength(1);
  });

  test.each([
    { reply: "552 Quota exceeded", reason: "full", kind: "permanent" },
    { reply: "452 Disk full", reason: "full", kind: "permanent" },
    { reply: "426 Broken", reason: "refused", kind: "transient" },
  ])("keeps its code in the middle of the bytes: $reply", async ({ reply, reason, kind }) => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 1 });
    writeFileSync(join(folder.disk, "a"), "old");
    server.inject({ command: "STOR", reset: true, afterBytes: 100 * KIB });
    server.inject({ command: "STOR", stallMs: 100, when: "during", afterBytes: 100 * KIB });
    server.inject({ command: "STOR", reply, when: "during", afterBytes: 100 * KIB });
    const error = await rejectionOf(folder.site.upload(jobOf("a", "x".repeat(2000 * KIB))));
    expect(error).toMatchObject({ code: Number(reply.slice(0, 3)), reason, kind });
    expect(readFileSync(join(folder.disk, "a"), "utf8")).toBe("old");
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });
});

describe("what a server may say and must not", () => {
  test("a reply line of 64,000 characters is read", async () => {
    const long = "x".repeat(64_000);
    await using talk = await converse(() => `200 ${long}\r\n`);
    expect(await talk.pipeline.exchange([{ text: "NOOP", expects: [200] }])).toMatchObject([{ text: `200 ${long}` }]);
  });

  test("a reply line over 64 KiB ends the session", async () => {
    await using talk = await converse(() => `200 ${"x".repeat(70 * KIB)}`);
    expect(await rejectionOf(talk.pipeline.exchange([{ text: "NOOP", expects: [200] }]))).toMatchObject({
      kind: "unknown",
      reason: "connection",
    });
  });

  test("a reply of lines without end runs into the time-out", async () => {
    await using talk = await converse(() => undefined, 500);
    const answer = rejectionOf(talk.pipeline.exchange([{ text: "FEAT", expects: [211] }]));
    await until(() => talk.received.length === 1);
    while (!talk.pipeline.ended) {
      talk.say("211-more\r\n".repeat(10));
      await Bun.sleep(20);
    }
    expect(await answer).toMatchObject({ kind: "unknown" });
  });

  test.each([
    "hello\r\n",
    "\r\n\r\n",
    "\0\0\0\r\n",
    "20 ok\r\n",
    "2000 ok\r\n",
    "2x0 ok\r\n",
    "200ok\r\n",
    " 200 ok\r\n",
    "ok 200\r\n",
    "200-first\r\n201 other\r\n",
    "\xff\xfe200 ok\r\n",
  ])("%j is no reply, and the next one is read as it is", async (said) => {
    await using talk = await converse(() => undefined, 300);
    const answer = talk.pipeline.exchange([{ text: "NOOP", expects: [200] }]);
    answer.catch(() => {});
    await until(() => talk.received.length === 1);
    talk.say(said);
    await Bun.sleep(20);
    talk.say("200 the real one\r\n");
    const outcome = await answer.then(
      ([reply]) => reply?.text,
      (error: { kind: string }) => error.kind,
    );
    expect(["200 the real one", "unknown"]).toContain(outcome ?? "");
  });

  test.each([
    { name: "one without CR", said: "200 ok\n" },
    { name: "one with a bare code", said: "200\r\n" },
    { name: "one with bytes that are no UTF-8", said: Buffer.from("200 caf\xe9\r\n", "latin1").toString("latin1") },
  ])("$name is a reply", async ({ said }) => {
    await using talk = await converse(() => said);
    expect(await talk.pipeline.exchange([{ text: "NOOP", expects: [200] }])).toMatchObject([{ code: 200 }]);
  });
});

describe("replies injected in clear before the TLS handshake", () => {
  test.each([
    { name: "whole ones", injected: "331 go on\r\n230 logged in\r\n200 ok\r\n200 ok\r\n" },
    { name: "half a line", injected: "331 go" },
    { name: "an open multi-line reply", injected: "230-logged in\r\n and more\r\n" },
  ])("are not believed: $name", async ({ injected }) => {
    const rawReply = `234 Proceed\r\n${injected}`;
    await using server = await embedded({
      tls: "explicit",
      password: "another",
      faults: [{ command: "AUTH", rawReply }],
    });
    const password = "wrong";
    const error = await rejectionOf(openSession(accountOf(server, { password, timeoutMs: 5000 })));
    const wasRefused = server.commands.some(({ text }) => text.startsWith("PASS"));
    // Either the session ends over it, or the true answer to the password is what counts.
    if (wasRefused) expect(error).toMatchObject({ kind: "fatal", reason: "login", code: 530 });
    else expect(error).toMatchObject({ kind: "transient" });
  });
});
