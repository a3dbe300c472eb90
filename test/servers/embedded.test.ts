import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";
import type { EmbeddedServer, EmbeddedServerOptions } from "./embedded.ts";
import { cleanUp, cleanups, codesOf, get, LOGIN, login, onDisk, put, start, talk } from "./embedded-client.ts";

afterEach(cleanUp);

const sha1 = (content: string) => createHash("sha1").update(content).digest("hex");
const sightings = (server: EmbeddedServer) =>
  server.visitor.journal.map(({ path, change, sizeBytes }) => `${change} ${path} ${sizeBytes}`);
describe("startEmbeddedServer() serves", () => {
  test.each<EmbeddedServerOptions & { name: string }>([
    { name: "plain" },
    { name: "plain over IPv6", host: "::1" },
    { name: "explicit TLS 1.2", tls: "explicit", tlsMaxVersion: "TLSv1.2", requireTlsReuse: true },
    { name: "explicit TLS 1.3", tls: "explicit", requireTlsReuse: true },
    { name: "implicit TLS over IPv6", tls: "implicit", host: "::1", requireTlsReuse: true },
    { name: "a deep login folder", loginFolder: "/home/alice" },
    { name: "no EPSV", features: { epsv: false } },
    { name: "no MLSD", features: { mlsd: false } },
    { name: "listings as of IIS", features: { mlsd: false }, listFormat: "dos" },
  ])("$name: upload, rename over, size, time, listing, download", async ({ name, ...options }) => {
    const server = await start(options);
    const client = await login(server);
    await put(client, "a é.txt", "old");
    await put(client, ".miroir-1", "x".repeat(300_000));
    await client.send("MFMT 20240229123456 .miroir-1");
    await client.rename(".miroir-1", "a é.txt");
    await client.send("MKD sub");
    expect(await client.pwd()).toBe(options.loginFolder ?? "/");
    expect(await client.size("a é.txt")).toBe(300_000);
    expect(await client.lastMod("a é.txt")).toEqual(new Date("2024-02-29T12:34:56Z"));
    const entries = (await client.list()).map((entry) => [entry.name, entry.isDirectory || entry.size]);
    expect(entries).toEqual([
      ["a é.txt", 300_000],
      ["sub", true],
    ]);
    expect(await get(client, "a é.txt")).toBe("x".repeat(300_000));
    expect(onDisk(server, "a é.txt")).toBe("x".repeat(300_000));
    expect(server.transfers.map(({ path, sizeBytes, isComplete }) => [path, sizeBytes, isComplete])).toEqual([
      ["a é.txt", 3, true],
      [".miroir-1", 300_000, true],
    ]);
    expect(sightings(server)).toEqual(["torn a é.txt 0", "appeared a é.txt 3", "replaced a é.txt 300000"]);
  });

  test.each([
    { name: "one write", pieceBytes: Number.POSITIVE_INFINITY },
    { name: "single bytes", pieceBytes: 1 },
  ])("pipelined commands in $name, answered in order", async ({ pieceBytes }) => {
    const server = await start();
    const batch = "MKD a\r\nMKD a\r\nRNFR a\r\nRNTO b\r\nSIZE b\r\nRMD b\r\nNONSENSE\r\n";
    const lines = await talk(server, LOGIN + batch, pieceBytes);
    const codes = lines.map((line) => line.slice(0, 3));
    expect(codes.join(" ")).toBe("220 331 230 200 257 550 350 250 550 250 500 221");
    expect(server.commands.map(({ text }) => text).slice(0, 4)).toEqual(["USER alice", "PASS ***", "TYPE I", "MKD a"]);
  });

  test("FEAT names what is on, and only that", async () => {
    const server = await start({ features: { mfmt: false, mlsd: false } });
    const lines = await talk(server, "FEAT\r\n");
    expect(lines[1]).toBe("211-Features:");
    expect(lines).toContain(" SIZE");
    expect(lines.filter((line) => /MFMT|MLST|AUTH/.test(line))).toEqual([]);
  });

  test("nothing outside of its root", async () => {
    const server = await start({ loginFolder: "/home/alice" });
    const codes = await codesOf(
      server,
      "CWD ../../..\r\nMKD x\r\nSIZE /etc/passwd\r\nCWD /home\r\nCWD alice\r\nPWD\r\n",
    );
    expect(codes).toBe("250 550 550 250 250 257");
  });

  test.each<{ features: EmbeddedServerOptions["features"]; commands: string; codes: string }>([
    { features: { mlst: false }, commands: "MLST a", codes: "500" },
    { features: { mdtm: false }, commands: "MDTM a", codes: "500" },
    { features: { size: false }, commands: "SIZE a", codes: "500" },
    { features: { feat: false }, commands: "FEAT", codes: "500" },
    { features: { utf8: false }, commands: "OPTS UTF8 ON", codes: "501" },
    { features: { mdtmSet: true }, commands: "MDTM 20240102030405 a | MDTM a", codes: "213 213" },
    { features: { mdtmSet: false }, commands: "MDTM 20240102030405 a", codes: "550" },
    { features: { xsha1: true }, commands: "XSHA1 a", codes: "250" },
    {
      features: { renameOverwrite: false },
      commands: "RNFR a | RNTO b | RNFR a | RNTO c",
      codes: "350 553 350 250",
    },
    { features: { storOverwrite: false }, commands: "STOR a | STOR c", codes: "553 425" },
    { features: {}, commands: "SITE CHMOD 600 a | SITE UTIME 20240102030405 a", codes: "200 200" },
    { features: {}, commands: "SITE UTIME a 20240101000000 20240102030405 20240101000000 UTC", codes: "200" },
  ])("$commands: $codes", async ({ features = {}, commands, codes }) => {
    const server = await start({ features });
    writeFileSync(join(server.root, "a"), "1");
    writeFileSync(join(server.root, "b"), "2");
    expect(await codesOf(server, `${commands.replaceAll(" | ", "\r\n")}\r\n`)).toBe(codes);
  });
});

describe("startEmbeddedServer() imitates", () => {
  test("a server that ignores case", async () => {
    const server = await start({ caseInsensitive: true });
    writeFileSync(join(server.root, "Readme"), "1");
    expect(await codesOf(server, "SIZE README\r\nRNFR readme\r\nRNTO README\r\n")).toBe("213 350 250");
    expect(existsSync(join(server.root, "README"))).toBe(true);
  });

  test("a server that stores under another name", async () => {
    const server = await start({ alterName: (name) => name.replace(/ $/, "_") });
    const client = await login(server);
    await put(client, "end ", "1");
    expect((await client.list()).map(({ name }) => name)).toEqual(["end_"]);
  });

  test("replies in single bytes", async () => {
    const server = await start({ replyChunkBytes: 1 });
    const socket = connect(server.port, server.host);
    const pieces: string[] = [];
    socket.on("data", (chunk) => void pieces.push(chunk.toString()));
    socket.write("FEAT\r\nQUIT\r\n");
    await once(socket, "close");
    expect(pieces.join("")).toEndWith("211 End\r\n221 Goodbye\r\n");
    expect(pieces.length).toBeGreaterThan(pieces.join("").length / 2);
  });

  test("hidden dot files and a cut listing", async () => {
    const server = await start({ hideDotFiles: true, listingLimit: 2 });
    for (const name of [".a", "b", "c", "d"]) writeFileSync(join(server.root, name), "");
    const client = await login(server);
    const namesBy = async (command: string) => {
      client.availableListCommands = [command];
      return (await client.list()).map(({ name }) => name);
    };
    expect(await namesBy("MLSD")).toEqual(["b", "c"]);
    expect(await namesBy("LIST")).toEqual(["b", "c"]);
    expect(await namesBy("LIST -a")).toEqual([".a", "b"]);
  });

  test("a quota: 552 in the middle, the rest kept and torn", async () => {
    const server = await start({ quotaBytes: 1000 });
    const client = await login(server);
    await expect(put(client, "a", "x".repeat(5000))).rejects.toMatchObject({ code: 552 });
    expect(sightings(server)).toEqual(["torn a 0", "torn a 1000"]);
  });

  test.each([{ reply: "421 Full" }, { reply: "530 Too many users" }])("a limit of sessions: $reply", async ({
    reply,
  }) => {
    const server = await start({ maxSessions: 1, maxSessionsReply: reply });
    const first = await login(server);
    await expect(login(server)).rejects.toMatchObject({ code: Number(reply.slice(0, 3)) });
    await first.send("NOOP");
    first.close();
    while (server.sessionsOpen > 0) await Bun.sleep(1);
    await login(server);
  });

  test("a foreign address in PASV", async () => {
    const server = await start({ passiveHost: "10.1.2.3" });
    expect((await talk(server, `${LOGIN}PASV\r\n`))[4]).toStartWith("227 Entering Passive Mode (10,1,2,3,");
  });

  test("latency once for a whole batch", async () => {
    const server = await start({ latencyMs: 60 });
    const startMs = performance.now();
    await talk(server, LOGIN + "NOOP\r\n".repeat(20));
    expect(performance.now() - startMs).toBeWithin(60, 600);
  });

  test("a demand for TLS session reuse: 522 without", async () => {
    const server = await start({ tls: "implicit", requireTlsReuse: true });
    const ca = readFileSync(server.certificateFile);
    const control = connectSecurely({ host: server.host, port: server.port, ca });
    cleanups.push(() => void control.destroy());
    let said = "";
    control.on("data", (chunk) => {
      said += chunk;
    });
    const heard = async (text: string) => {
      while (!said.includes(text)) await Bun.sleep(1);
    };
    control.write(`${LOGIN}EPSV\r\nLIST\r\n`);
    await heard("229");
    const port = Number(/\|(\d+)\|/.exec(said)?.[1]);
    const data = connectSecurely({ host: server.host, port, ca });
    data.on("error", () => {});
    cleanups.push(() => void data.destroy());
    await heard("522");
  });

  test("a silent session is ended with 421", async () => {
    const server = await start({ idleTimeoutMs: 30 });
    const socket = connect(server.port, server.host);
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
    });
    await once(socket, "close");
    expect(said).toBe("220 Ready\r\n421 Timeout\r\n");
  });
});

describe("EmbeddedServer", () => {
  test("visitor.journal tells of final names only, folders file by file", async () => {
    const server = await start();
    const client = await login(server);
    await client.send("MKD d");
    await put(client, "d/.miroir-1", "one");
    await client.rename("d/.miroir-1", "d/a");
    await client.rename("d", "e");
    await client.remove("e/a");
    const journal = server.visitor.journal;
    expect(sightings(server)).toEqual(["appeared d/a 3", "vanished d/a 0", "appeared e/a 3", "vanished e/a 0"]);
    expect(journal.map((sighting) => sighting.sha1)).toEqual([sha1("one"), "", sha1("one"), ""]);
  });

  test("restart() cuts the sessions and comes back on the same port", async () => {
    const server = await start();
    const client = await login(server);
    const back = server.restart({ downMs: 50 });
    await expect(client.send("NOOP")).rejects.toThrow();
    await expect(login(server)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await back;
    await (await login(server)).send("NOOP");
  });

  test("stop() ends sessions that are stalled and removes its own folder", async () => {
    const server = await start({ faults: [{ command: "NOOP", stallMs: Infinity, when: "before" }] });
    const client = await login(server);
    const waiting = client.send("NOOP").catch((error: Error) => error);
    await Bun.sleep(10);
    await server.stop();
    expect(await waiting).toBeInstanceOf(Error);
    expect(existsSync(server.root)).toBe(false);
  });
});
