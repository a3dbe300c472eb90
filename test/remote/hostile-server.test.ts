import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { openSession } from "../../src/remote/session.ts";
import { accountOf, jobOf, openFolder, rejectionOf } from "./remote-folder.ts";
import { converse, portOf, until } from "./scripted-server.ts";
import { embedded } from "./started-server.ts";

const MIB = 1024 * 1024;

/** A data port of somebody who sends `piece` again and again, as fast as it is taken or one each `everyMs`. */
async function flood(piece: string | Uint8Array, everyMs = 0) {
  const bytes = Buffer.from(piece);
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  const listener = createServer(async (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    while (!socket.destroyed) {
      if (everyMs > 0) await Bun.sleep(everyMs);
      sentBytes += bytes.length;
      socket.write(bytes);
      while (socket.writableNeedDrain && !socket.destroyed) await Bun.sleep(1);
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(listener),
    get sentBytes() {
      return sentBytes;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

describe("a listing without end", () => {
  test.each([
    { name: "empty lines", piece: "\n".repeat(64 * 1024), mostBytes: 16 * MIB },
    { name: "short entries", piece: "type=file; a\r\n".repeat(4096), mostBytes: 40 * MIB },
    { name: "one line", piece: "x".repeat(64 * 1024), mostBytes: 96 * MIB },
  ])("of $name is given up", async ({ piece, mostBytes }) => {
    await using server = await embedded();
    await using data = await flood(piece);
    await using folder = openFolder(server, { account: { timeoutMs: 2000 } });
    await folder.site.open(true);
    server.inject({ command: "EPSV", rawReply: `229 Over there (|||${data.port}|)\r\n` });
    server.inject({ command: "MLSD", reply: "150 Here it comes" });
    const error = await rejectionOf(folder.site.list(""));
    expect(error).toMatchObject({ reason: expect.stringMatching(/^(connection|timeout)$/) });
    expect(data.sentBytes).toBeLessThan(mostBytes);
    // The site goes on being used.
    expect((await folder.site.list("")).entries).toEqual([]);
  });

  test("that drips is given up after some time-outs", async () => {
    await using server = await embedded();
    await using data = await flood("type=file; a\r\n", 50);
    await using folder = openFolder(server, { account: { timeoutMs: 300 } });
    await folder.site.open(true);
    server.inject({ command: "EPSV", rawReply: `229 Over there (|||${data.port}|)\r\n` });
    server.inject({ command: "MLSD", reply: "150 Here it comes" });
    await rejectionOf(folder.site.list(""));
    expect(data.sentBytes).toBeLessThan(100 * 1024);
  });
});

test("a server that sends during an upload is not listened to", async () => {
  await using server = await embedded();
  await using data = await flood(new Uint8Array(64 * 1024));
  await using folder = openFolder(server, { account: { timeoutMs: 2000 }, connections: 1 });
  await folder.site.open(true);
  server.inject({ command: "EPSV", rawReply: `229 Over there (|||${data.port}|)\r\n` });
  server.inject({ command: "STOR", reply: "150 Go" });
  const slow = jobOf("a", new Uint8Array(32 * MIB));
  await rejectionOf(folder.site.upload(slow));
  // What the system's buffers of both ends hold, and a little more.
  expect(data.sentBytes).toBeLessThan(24 * MIB);
});

describe("replies without end", () => {
  test.each([
    { name: "of one line", said: "200 ".padEnd(4096, "x") },
    { name: "of many lines", said: "211-more\r\n".repeat(400) },
    { name: "of many empty lines", said: "\r\n".repeat(2000) },
    { name: "of preliminary replies to an ordinary command", said: "150 soon\r\n".repeat(400) },
  ])("$name end the session, and are not collected", async ({ said }) => {
    await using talk = await converse(() => undefined, 1500);
    const answer = rejectionOf(talk.pipeline.exchange([{ text: "FEAT", expects: [211] }]));
    await until(() => talk.received.length === 1);
    let sentBytes = 0;
    for (; !talk.pipeline.ended && sentBytes < 8 * MIB; sentBytes += said.length) {
      talk.say(said);
      await Bun.sleep(1);
    }
    expect(await answer).toMatchObject({ kind: "unknown" });
    if (!said.startsWith("\r\n")) expect(sentBytes).toBeLessThan(4 * MIB);
  });

  test("that greet for ever do not keep anybody waiting", async () => {
    await using server = await embedded({ faults: [{ command: "GREETING", rawReply: "120 soon\r\n".repeat(5000) }] });
    const startedAt = performance.now();
    await rejectionOf(openSession(accountOf(server, { timeoutMs: 1000 })));
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

describe("numbers that cannot be", () => {
  test.each([
    { command: "SIZE", rawReply: `213 ${"9".repeat(400)}\r\n` },
    { command: "SIZE", rawReply: "213 -5\r\n" },
    { command: "SIZE", rawReply: "213 1e9\r\n" },
    { command: "EPSV", rawReply: "229 (|||99999|)\r\n" },
    { command: "EPSV", rawReply: "229 (|||0|)\r\n" },
    { command: "EPSV", rawReply: `229 ${"(|||".repeat(10_000)}\r\n` },
    { command: "MFMT", rawReply: "213 Modify=99999999999999; a\r\n" },
  ])("as in $command: no false success, and the next upload works", async ({ command, rawReply }) => {
    await using server = await embedded();
    await using folder = openFolder(server, { account: { timeoutMs: 2000 }, connections: 1 });
    await folder.site.open(true);
    server.inject({ command, rawReply });
    const uploaded = await folder.site.upload(jobOf("a", "content")).catch((error: unknown) => error);
    if (!(uploaded instanceof Error)) expect(uploaded).toMatchObject({ sizeBytes: 7 });
    await folder.site.upload(jobOf("a", "other content"));
    expect((await folder.site.list("")).entries).toMatchObject([{ name: "a", sizeBytes: 13 }]);
  });
});
