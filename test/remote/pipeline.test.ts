import { describe, expect, test } from "bun:test";
import { type Command, GREETING, SessionEnded } from "../../src/remote/pipeline.ts";
import { SiteError } from "../../src/remote/site.ts";
import { rejectionOf } from "./remote-folder.ts";
import { converse, until } from "./scripted-server.ts";

const NOOP: Command = { text: "NOOP", expects: [200] };
const mkdir = (name: string): Command => ({ text: `MKD ${name}`, expects: [257] });

describe("exchange()", () => {
  test("gives 100 commands their replies in order, sent without waiting", async () => {
    const replies: string[] = [];
    await using talk = await converse((command) => {
      replies.push(`257 "${command.slice(4)}" made\r\n`);
      // Nothing is answered before the last command is there.
      return replies.length === 100 ? replies.join("") : undefined;
    });
    const answers = await talk.pipeline.exchange(Array.from({ length: 100 }, (_, index) => mkdir(`f${index}`)));
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, index) => `257 "f${index}" made`));
    expect(talk.received).toHaveLength(100);
  });

  test("of nothing is answered at once", async () => {
    await using talk = await converse(() => undefined);
    expect(await talk.pipeline.exchange([])).toEqual([]);
  });

  test("takes refusals as answers, and goes on", async () => {
    await using talk = await converse((command) => (command.endsWith("1") ? "550 no\r\n" : "257 yes\r\n"));
    const answers = await talk.pipeline.exchange([mkdir("0"), mkdir("1"), mkdir("2")]);
    expect(answers.map(({ code }) => code)).toEqual([257, 550, 257]);
    expect(talk.pipeline.ended).toBeUndefined();
  });

  test("gives all lines of a reply, the last as its text", async () => {
    await using talk = await converse(() => "213-Status\r\n 214 not the end\r\n213x neither\r\n213 7 bytes\r\n");
    const [reply] = await talk.pipeline.exchange([{ text: "SIZE a", expects: [213] }]);
    expect(reply).toEqual({
      code: 213,
      lines: ["213-Status", " 214 not the end", "213x neither", "213 7 bytes"],
      text: "213 7 bytes",
    });
  });

  test("waits for a greeting through its 120", async () => {
    await using talk = await converse(() => undefined);
    const greeting = talk.pipeline.exchange([GREETING]);
    talk.say("120 Ready in a moment\r\n");
    talk.say("220 Ready\r\n");
    expect(await greeting).toMatchObject([{ code: 220 }]);
  });

  test("gives each command of a batch the whole time-out", async () => {
    await using talk = await converse(() => undefined, 2500);
    const answers = talk.pipeline.exchange([NOOP, NOOP, NOOP, NOOP, NOOP]);
    for (let index = 0; index < 5; index++) {
      await Bun.sleep(600);
      talk.say("200 ok\r\n");
    }
    expect(await answers).toHaveLength(5);
  });

  test("sends nothing when what has to come before it fails, and goes on when it no longer does", async () => {
    let failure: Error | undefined = new Error("no room for the journal");
    await using talk = await converse(
      (command) => (command.startsWith("STOR") ? "150 go\r\n226 done\r\n" : "200 ok\r\n"),
      undefined,
      () => {
        if (failure) throw failure;
      },
    );
    const stor: Command = { text: "STOR a", expects: [226] };
    expect(await rejectionOf(talk.pipeline.exchange([NOOP]))).toBe(failure);
    const transfer = talk.pipeline.transfer(stor);
    expect(await rejectionOf(transfer.started)).toBe(failure);
    expect(await rejectionOf(transfer.finished)).toBe(failure);
    expect(() => talk.pipeline.together(() => talk.pipeline.exchange([NOOP]))).toThrow(failure);
    failure = undefined;
    expect(await talk.pipeline.exchange([NOOP])).toMatchObject([{ code: 200 }]);
    expect(await talk.pipeline.transfer(stor).finished).toMatchObject({ code: 226 });
    expect(talk.received).toEqual(["NOOP", "STOR a"]);
  });

  test.each([
    { name: "of a sent name with CR and LF", text: "MKD a\r\nDELE b" },
    { name: "of a sent name with LF", text: "MKD a\nDELE b" },
    { name: "of a sent name with CR", text: "MKD a\rDELE b" },
    { name: "of a sent name with NUL", text: "MKD a\0DELE b" },
  ])("$name fails, and no reply slips to another command", async ({ text }) => {
    await using talk = await converse((command) => `257 "${command}"\r\n`);
    const batch = [mkdir("before"), { text, expects: [257] }, mkdir("after")];
    expect(await rejectionOf(talk.pipeline.exchange(batch))).toBeInstanceOf(SiteError);
    if (!talk.pipeline.ended)
      expect(await talk.pipeline.exchange([mkdir("next")])).toMatchObject([{ text: '257 "MKD next"' }]);
    expect(talk.received.filter((command) => command.includes("DELE"))).toEqual([]);
  });
});

describe("the session ends, and nothing sent before counts as done", () => {
  test.each([
    { name: "a reply nobody asked for", said: "226 Surprise\r\n", code: 226 },
    { name: "a preliminary reply nobody asked for", said: "150 Surprise\r\n", code: 150 },
    { name: "a 421", said: "421 Idle for too long\r\n", code: 421 },
    { name: "a refusal nobody asked for", said: "550 Surprise\r\n", code: 550 },
  ])("after $name", async ({ said, code }) => {
    await using talk = await converse(() => "200 ok\r\n");
    await talk.pipeline.exchange([NOOP]);
    talk.say(said);
    await until(() => talk.pipeline.ended !== undefined);
    const error = await rejectionOf(talk.pipeline.exchange([NOOP]));
    expect(error).toBeInstanceOf(SessionEnded);
    expect(error).toMatchObject({ kind: "unknown", reason: "connection", code });
    expect(talk.received.filter((command) => command === "NOOP")).toHaveLength(1);
  });

  test.each([
    { name: "a 421 to it", reply: "421 Good night", code: 421 },
    { name: "another positive code", reply: "200 ok", code: 200 },
    { name: "a preliminary code", reply: "150 Opening", code: 150 },
    { name: "an intermediate code", reply: "350 Go on", code: 350 },
  ])("after $name, with the replies that came before", async ({ reply, code }) => {
    await using talk = await converse((command) => (command === "MKD 2" ? `${reply}\r\n` : "257 made\r\n"));
    const error = await rejectionOf(talk.pipeline.exchange([mkdir("0"), mkdir("1"), mkdir("2"), mkdir("3")]));
    expect(error).toBeInstanceOf(SessionEnded);
    expect(error).toMatchObject({ kind: "unknown", code, answered: [{ code: 257 }, { code: 257 }] });
    await rejectionOf(talk.pipeline.exchange([NOOP]));
  });

  test.each(["fin", "reset"] as const)("after a %s in the middle of a batch", async (how) => {
    await using talk = await converse(() => undefined);
    const batch = rejectionOf(talk.pipeline.exchange([mkdir("0"), mkdir("1")]));
    await until(() => talk.received.length === 2);
    talk.say("257 made\r\n");
    // A reset may overtake what was said before it.
    await until(() => talk.transcript.includes("< 257 made"));
    talk.hangUp(how);
    expect(await batch).toMatchObject({ kind: "unknown", reason: "connection", answered: [{ code: 257 }] });
  });

  test("after a time-out at the head of the queue, named by its command", async () => {
    await using talk = await converse((command) => (command === "MKD 0" ? "257 made\r\n" : undefined), 1000);
    const error = await rejectionOf(talk.pipeline.exchange([mkdir("0"), { text: "RMD 1", expects: [250] }]));
    expect(error).toMatchObject({ kind: "unknown", reason: "timeout", answered: [{ code: 257 }] });
    expect(error.message).toBe("No answer to RMD in 1 s");
  });

  test("so a late reply is never taken for the next command's", async () => {
    await using talk = await converse(() => undefined, 100);
    await rejectionOf(talk.pipeline.exchange([NOOP]));
    talk.say("200 late\r\n");
    const next = await rejectionOf(talk.pipeline.exchange([NOOP]));
    expect(next).toMatchObject({ kind: "unknown", reason: "timeout" });
    expect(talk.received.filter((command) => command === "NOOP")).toHaveLength(1);
  });

  test("when the caller ends it: once, with the first error", async () => {
    await using talk = await converse(() => undefined);
    const batch = rejectionOf(talk.pipeline.exchange([NOOP]));
    const first = new Error("first");
    talk.pipeline.end(first);
    talk.pipeline.end(new Error("second"));
    expect(talk.pipeline.ended).toBe(first);
    expect(await batch).toMatchObject({ kind: "unknown", message: "first" });
  });
});

describe("transfer()", () => {
  const STOR: Command = { text: "STOR a", expects: [226, 250] };

  test("starts with its 1xx and finishes with its verdict", async () => {
    await using talk = await converse(() => "150 Go\r\n");
    const transfer = talk.pipeline.transfer(STOR);
    expect(await transfer.started).toMatchObject({ code: 150 });
    talk.say("226 Done\r\n");
    expect(await transfer.finished).toMatchObject({ code: 226 });
    expect(talk.pipeline.ended).toBeUndefined();
  });

  test("that is refused is started and finished with the refusal", async () => {
    await using talk = await converse(() => "550 no\r\n");
    const transfer = talk.pipeline.transfer(STOR);
    expect(await transfer.started).toMatchObject({ code: 550 });
    expect(await transfer.finished).toMatchObject({ code: 550 });
    expect(talk.pipeline.ended).toBeUndefined();
  });

  test.each([
    { name: "its verdict is no answer to it", said: "213 7\r\n", code: 213 },
    { name: "the server says 421", said: "421 Good night\r\n", code: 421 },
  ])("ends the session when $name", async ({ said, code }) => {
    await using talk = await converse(() => "150 Go\r\n");
    const transfer = talk.pipeline.transfer(STOR);
    await transfer.started;
    talk.say(said);
    expect(await rejectionOf(transfer.finished)).toMatchObject({ kind: "unknown", code });
  });

  test("has time without end for its bytes, and the given time for its verdict", async () => {
    await using talk = await converse(() => "150 Go\r\n", 1000);
    const transfer = talk.pipeline.transfer(STOR);
    await transfer.started;
    await Bun.sleep(1500);
    expect(talk.pipeline.ended).toBeUndefined();
    transfer.awaitVerdict(50);
    expect(await rejectionOf(transfer.finished)).toMatchObject({ kind: "unknown", reason: "timeout" });
  });

  test("whose verdict is awaited before it has begun keeps that time when it begins", async () => {
    await using talk = await converse(() => undefined, 1000);
    const transfer = talk.pipeline.transfer(STOR);
    transfer.awaitVerdict(200);
    talk.say("150 Go\r\n");
    await transfer.started;
    expect(await rejectionOf(transfer.finished)).toMatchObject({ kind: "unknown", reason: "timeout" });
  });

  test("that is never started times out", async () => {
    await using talk = await converse(() => undefined, 100);
    const transfer = talk.pipeline.transfer(STOR);
    expect(await rejectionOf(transfer.started)).toMatchObject({ kind: "unknown", reason: "timeout" });
    await rejectionOf(transfer.finished);
  });

  test("on an ended session sends nothing and rejects", async () => {
    await using talk = await converse(() => undefined);
    talk.pipeline.end(new Error("over"));
    const transfer = talk.pipeline.transfer(STOR);
    await rejectionOf(transfer.started);
    await rejectionOf(transfer.finished);
    expect(talk.received).not.toContain("STOR a");
  });
});
