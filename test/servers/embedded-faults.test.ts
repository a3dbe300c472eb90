import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "./embedded.ts";
import { cleanUp, codesOf, LOGIN, login, onDisk, put, start, talk } from "./embedded-client.ts";

afterEach(cleanUp);

describe("faults", () => {
  const refusals = [421, 425, 426, 450, 451, 452, 500, 502, 530, 550, 552, 553];

  test.each(refusals)("reply: %d instead of STOR, once", async (code) => {
    const server = await start({ faults: [{ command: "STOR", path: "a", reply: code }] });
    const client = await login(server);
    await expect(put(client, "a", "1")).rejects.toMatchObject({ code });
    expect(server.visitor.journal).toEqual([]);
    if (code === 421) return;
    await put(client, "a", "1");
    expect(onDisk(server, "a")).toBe("1");
  });

  test("reply: after so many bytes, of the nth match", async () => {
    const fault: Fault = { command: /^STOR/, path: /^b/, occurrence: 2, reply: 451, when: "during", afterBytes: 7 };
    const server = await start({ faults: [fault] });
    const client = await login(server);
    await put(client, "a", "x".repeat(20));
    await put(client, "b1", "x".repeat(20));
    await expect(put(client, "b2", "x".repeat(20))).rejects.toMatchObject({ code: 451 });
    await put(client, "b3", "x".repeat(20));
    expect(onDisk(server, "b2")).toBe("x".repeat(7));
  });

  test.each<{ name: string; fault: Fault; tls?: "explicit"; left: string }>([
    { name: "control before", fault: { command: "STOR", drop: "control", when: "before" }, left: "none" },
    { name: "both during", fault: { command: "STOR", drop: "both", when: "during", afterBytes: 3 }, left: "xxx" },
    { name: "data during", fault: { command: "STOR", drop: "data", when: "during", afterBytes: 3 }, left: "xxx" },
    {
      name: "data during, TLS",
      fault: { command: "STOR", drop: "data", when: "during", afterBytes: 3 },
      tls: "explicit",
      left: "xxx",
    },
    { name: "control after", fault: { command: "STOR", drop: "control", when: "after" }, left: "xxxxxxxxx" },
    { name: "reset", fault: { command: "STOR", reset: true, afterBytes: 2 }, left: "xx" },
    { name: "reset, TLS", fault: { command: "STOR", reset: true, afterBytes: 2 }, tls: "explicit", left: "xx" },
    { name: "reset before", fault: { command: "STOR", reset: true, when: "before" }, left: "none" },
  ])("drop: $name", async ({ fault, tls, left }) => {
    const server = await start({ faults: [fault], ...(tls && { tls }) });
    const client = await login(server);
    await expect(put(client, "a", "x".repeat(9))).rejects.toThrow();
    while (server.sessionsOpen > 0 && client.closed) await Bun.sleep(1);
    expect(existsSync(join(server.root, "a")) ? onDisk(server, "a") : "none").toBe(left);
  });

  test.each<{ name: string; fault: Fault; left: string }>([
    { name: "stall before", fault: { command: "STOR", stallMs: Infinity, when: "before" }, left: "none" },
    { name: "stall during", fault: { command: "STOR", stallMs: Infinity, when: "during" }, left: "" },
    { name: "stall after", fault: { command: "STOR", stallMs: Infinity, when: "after" }, left: "1" },
    { name: "withholdReply", fault: { command: "STOR", withholdReply: true }, left: "1" },
  ])("$name: the client runs into its time-out", async ({ fault, left }) => {
    const server = await start({ faults: [fault] });
    const client = await login(server, 150);
    await expect(put(client, "a", "1")).rejects.toThrow(/imeout/);
    expect(existsSync(join(server.root, "a")) ? onDisk(server, "a") : "none").toBe(left);
  });

  test("stall that outlives the session: carried out when nobody waits any more", async () => {
    const server = await start({ faults: [{ command: "RNTO", stallMs: 100, when: "before", outlives: true }] });
    writeFileSync(join(server.root, "a"), "1");
    const client = await login(server, 30);
    await expect(client.rename("a", "b")).rejects.toThrow(/imeout/);
    expect(existsSync(join(server.root, "b"))).toBe(false);
    await Bun.sleep(150);
    expect(onDisk(server, "b")).toBe("1");
  });

  test("truncateAt: fewer bytes, and success claimed", async () => {
    const server = await start({ faults: [{ command: "STOR", truncateAt: 4, reply: 226 }] });
    await put(await login(server), "a", "x".repeat(9));
    expect(onDisk(server, "a")).toBe("xxxx");
  });

  test("early: 226 before the data", async () => {
    const server = await start({
      faults: [
        { command: "STOR", early: true },
        { command: "STOR", stallMs: 40, when: "during" },
      ],
    });
    const client = await login(server);
    await put(client, "a", "x".repeat(9));
    await client.send("NOOP");
    expect(onDisk(server, "a")).toBe("x".repeat(9));
  });

  test.each<{ name: string; fault: Fault; said: string[] }>([
    { name: "rawReply", fault: { command: "NOOP", rawReply: "\0garbage\r\n" }, said: ["\0garbage"] },
    {
      name: "unsolicited",
      fault: { command: "NOOP", unsolicited: "200 hello" },
      said: ["200 hello", "200 Nothing done"],
    },
    {
      name: "unsolicited after",
      fault: { command: "NOOP", unsolicited: "200 hello", place: "after" },
      said: ["200 Nothing done", "200 hello"],
    },
    { name: "withholdReply", fault: { command: "NOOP", withholdReply: true }, said: [] },
    { name: "reply after", fault: { command: "NOOP", reply: "550 no", when: "after" }, said: ["550 no"] },
    { name: "delayReplyMs", fault: { command: "NOOP", delayReplyMs: 5 }, said: ["200 Nothing done"] },
  ])("$name: what NOOP is answered", async ({ fault, said }) => {
    const server = await start({ faults: [fault] });
    const lines = await talk(server, `${LOGIN}NOOP\r\n`);
    expect(lines.slice(4)).toEqual([...said, "221 Goodbye"]);
  });

  test("a reset of the data connection ahead of the refusal, as ProFTPD does", async () => {
    const server = await start();
    server.inject({ command: "STOR", reset: true, when: "before" });
    server.inject({ command: "STOR", stallMs: 30, when: "before" });
    server.inject({ command: "STOR", reply: "550 no" });
    await expect(put(await login(server), "a", "1")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("times and probability: the same seed, the same run; clearFaults() ends it", async () => {
    const fault: Fault = { command: "NOOP", reply: 500, times: Infinity, probability: 0.5 };
    const runs = [7, 7, 8].map(async (seed) => codesOf(await start({ faults: [fault], seed }), "NOOP\r\n".repeat(40)));
    const [one = "", same = "", other = ""] = await Promise.all(runs);
    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(one.split(" ").filter((code) => code === "500").length).toBeWithin(10, 31);
    const server = await start({ faults: [fault] });
    server.clearFaults();
    expect(await codesOf(server, "NOOP\r\n".repeat(5))).toBe("200 200 200 200 200");
  });

  test("GREETING: refused at the door", async () => {
    const server = await start({ faults: [{ command: "GREETING", reply: 421 }] });
    await expect(login(server)).rejects.toMatchObject({ code: 421 });
    await login(server);
  });
});
