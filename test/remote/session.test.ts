import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { type Account, openSession, type Session } from "../../src/remote/session.ts";
import type { Fault } from "../servers/embedded.ts";
import type { TlsMode } from "../servers/server.ts";
import { accountOf, openFolder, rejectionOf } from "./remote-folder.ts";
import { asTestServer, ftpAnswers, portOf, startScriptedServer } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

/** A session that ends with its block. */
async function opened(account: Account): Promise<Session & Disposable> {
  const session = await openSession(account);
  return Object.assign(session, { [Symbol.dispose]: () => session.close() });
}

describe("the TLS policy", () => {
  test.each<{ policy: Account["tls"]; offered: TlsMode; encrypted: boolean }>([
    { policy: "auto", offered: "off", encrypted: false },
    { policy: "auto", offered: "explicit", encrypted: true },
    { policy: "explicit", offered: "explicit", encrypted: true },
    { policy: "implicit", offered: "implicit", encrypted: true },
    { policy: "off", offered: "explicit", encrypted: false },
    { policy: "off", offered: "off", encrypted: false },
  ])("$policy, where the server offers $offered: encrypted is $encrypted", async ({ policy, offered, encrypted }) => {
    await using server = await embedded({ tls: offered });
    using session = await opened(accountOf(server, { tls: policy }));
    expect(session.encrypted).toBe(encrypted);
    const verbs = verbsOf(server);
    if (policy === "auto" || policy === "explicit") expect(verbs.indexOf("AUTH")).toBeLessThan(verbs.indexOf("USER"));
    else expect(verbs).not.toContain("AUTH");
    if (encrypted) expect(verbs.indexOf("PROT")).toBeGreaterThan(verbs.indexOf("PBSZ"));
  });

  test.each<{ name: string; changes: Partial<Account>; words: string }>([
    { name: "explicit", changes: { tls: "explicit" }, words: "--tls off" },
    { name: "auto on a site once seen encrypted", changes: { tls: "auto", seenEncrypted: true }, words: "--tls off" },
  ])("$name refuses a server without TLS, and tells it no name or password", async ({ changes, words }) => {
    await using server = await embedded();
    const error = await rejectionOf(openSession(accountOf(server, changes)));
    expect(error).toMatchObject({ kind: "fatal", reason: "tls" });
    expect(error.message).toContain(words);
    expect(verbsOf(server).filter((verb) => verb !== "QUIT")).toEqual(["AUTH"]);
  });

  test("a server that will not protect data connections is not used: fatal tls", async () => {
    await using server = await embedded({ tls: "explicit", faults: [{ command: "PROT", reply: "536 Not supported" }] });
    expect(await rejectionOf(openSession(accountOf(server)))).toMatchObject({
      kind: "fatal",
      reason: "tls",
      code: 536,
    });
    expect(verbsOf(server).filter((verb) => !["AUTH", "USER", "PASS", "PBSZ", "PROT", "QUIT"].includes(verb))).toEqual(
      [],
    );
  });

  test.each<{
    name: string;
    policy: Account["tls"];
    answer: (command: string) => string | undefined;
    says?: string;
  }>([
    {
      name: "no TLS at the port for implicit TLS",
      policy: "implicit",
      answer: ftpAnswers({}),
      says: "what answers there speaks no TLS. ftps:// wants implicit TLS (port 990); write ftpes://",
    },
    {
      name: "AUTH taken, text instead of a handshake",
      policy: "explicit",
      answer: ftpAnswers({ AUTH: "234 Go\r\n220 x" }),
    },
    { name: "AUTH taken, then silence", policy: "auto", answer: ftpAnswers({ AUTH: "234 Go" }) },
  ])("$name: refused in time, and no password sent", async ({ policy, answer, says = "" }) => {
    await using server = await startScriptedServer(answer);
    const account: Account = { ...asTestServer(server), tls: policy, trust: { insecure: true }, timeoutMs: 500 };
    expect((await rejectionOf(openSession(account))).message).toContain(says);
    expect(server.received.filter((line) => /USER|PASS/.test(line))).toEqual([]);
  });
});

describe("the login", () => {
  test.each<{ name: string; password: string; faults: Fault[] }>([
    { name: "a wrong password", password: "wrong-one", faults: [] },
    {
      name: "a wrong password that the server repeats",
      password: "wrong-one",
      faults: [{ command: "PASS", reply: "530 User alice cannot log in with wrong-one" }],
    },
    {
      name: "a password that the server refuses in many lines",
      password: "wrong-one",
      faults: [{ command: "PASS", reply: "530-Sorry\r\n wrong-one is wrong\r\n530 No wrong-one" }],
    },
  ])("$name is fatal login, and not in the message", async ({ password, faults }) => {
    await using server = await embedded({ faults });
    const error = await rejectionOf(openSession(accountOf(server, { password })));
    expect(error).toMatchObject({ kind: "fatal", reason: "login", code: 530 });
    expect(error.message).toContain('"alice"');
    expect(`${error.message} ${error.cause}`).not.toContain(password);
  });

  test.each<{ name: string; answers: Parameters<typeof ftpAnswers>[0]; want: object; timeoutMs?: number }>([
    {
      name: "an account besides",
      answers: { PASS: "332 Account needed" },
      want: { kind: "fatal", reason: "login", code: 332 },
    },
    {
      name: "an account instead of a password",
      answers: { USER: "332 Account needed" },
      want: { kind: "fatal", reason: "login" },
    },
    {
      name: "a refusal of the name",
      answers: { USER: "530 No such user" },
      want: { kind: "fatal", reason: "login", code: 530 },
    },
    {
      name: "a refusal that may pass",
      answers: { PASS: "430 Try later" },
      want: { kind: "transient", reason: "login" },
    },
    {
      name: "too many sessions of the user",
      answers: { PASS: "530 Too many connections" },
      want: { kind: "transient", reason: "connection" },
    },
    {
      name: "too many sessions, by 421",
      answers: { PASS: "421 Limit reached" },
      want: { kind: "transient", reason: "connection" },
    },
    {
      name: "no greeting but a 421",
      answers: { "": "421 Come back later" },
      want: { kind: "transient", reason: "connection" },
    },
    {
      name: "no greeting but a refusal",
      answers: { "": "530 Not you" },
      want: { kind: "transient", reason: "unreachable" },
    },
    {
      name: "no greeting",
      answers: { "": () => undefined },
      timeoutMs: 300,
      want: { kind: "transient", reason: "unreachable" },
    },
    {
      name: "another protocol's greeting",
      answers: { "": "SSH-2.0-OpenSSH_9.2" },
      timeoutMs: 300,
      want: { kind: "transient", reason: "unreachable" },
    },
    {
      name: "no binary mode",
      answers: { TYPE: "504 Only text" },
      want: { kind: "fatal", reason: "unsupported", code: 504 },
    },
    { name: "nonsense", answers: { USER: "200 What" }, want: { kind: "transient", reason: "unreachable" } },
  ])("answered with $name is $want", async ({ answers, want, timeoutMs = 10_000 }) => {
    await using server = await startScriptedServer(ftpAnswers(answers));
    const account: Account = { ...asTestServer(server), tls: "off", trust: { insecure: false }, timeoutMs };
    const error = await rejectionOf(openSession(account));
    expect(error).toMatchObject(want);
    expect(error.message).not.toContain("secret");
  });

  test.each<{ name: string; answers: Parameters<typeof ftpAnswers>[0]; loginFolder: string | undefined }>([
    { name: "no password", answers: { USER: "230 Welcome" }, loginFolder: "/" },
    { name: "a password that is superfluous", answers: { PASS: "202 Superfluous" }, loginFolder: "/" },
    { name: "no PWD", answers: { PWD: "502 No" }, loginFolder: undefined },
    { name: "quotes in the login folder", answers: { PWD: '257 "/a ""b""" is current' }, loginFolder: '/a "b"' },
    { name: "no FEAT and no OPTS", answers: { FEAT: "500 What", OPTS: "500 What" }, loginFolder: "/" },
  ])("goes through with $name", async ({ answers, loginFolder }) => {
    await using server = await startScriptedServer(ftpAnswers(answers));
    const account: Account = { ...asTestServer(server), tls: "off", trust: { insecure: false }, timeoutMs: 5000 };
    using session = await opened(account);
    expect(session.loginFolder).toBe(loginFolder as string);
  });

  test("of two writes: nothing but what may fail before the password is sent, then the password with all settings", async () => {
    await using server = await embedded({ tls: "explicit" });
    using _ = await opened(accountOf(server));
    expect(verbsOf(server)).toEqual(["AUTH", "PBSZ", "PROT", "USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD"]);
  });

  test("protects data connections after the password where the server takes that no earlier", async () => {
    await using server = await embedded({ tls: "explicit", faults: [{ command: "PROT", reply: "503 Log in first" }] });
    using session = await opened(accountOf(server));
    expect(session.encrypted).toBe(true);
    expect(verbsOf(server).slice(3)).toEqual(["USER", "PASS", "PBSZ", "PROT", "FEAT", "OPTS", "TYPE", "PWD"]);
  });

  test("is refused before the password when the server never protects data connections", async () => {
    await using server = await embedded({ tls: "explicit", faults: [{ command: "PROT", reply: "534 No" }] });
    expect(await rejectionOf(openSession(accountOf(server)))).toMatchObject({ kind: "fatal", reason: "tls" });
    expect(verbsOf(server)).not.toContain("PASS");
  });

  test.each<{ name: string; fault: Fault }>([
    { name: "hangs up", fault: { command: "FEAT", drop: "control", when: "before" } },
    { name: "answers nothing more", fault: { command: "OPTS", stallMs: 1e9, when: "before" } },
    { name: "answers out of step", fault: { command: "TYPE", unsolicited: "230 Logged in" } },
  ])("of a server that $name over it goes on one command at a time, and says so once", async ({ fault }) => {
    await using server = await embedded({ faults: [fault] });
    await using folder = openFolder(server, { connections: 2, account: { timeoutMs: 1000 } });
    await folder.site.open(true);
    await Promise.all([folder.site.list(""), folder.site.list("")]);
    expect(folder.degraded.filter((message) => message.includes("one command at a time"))).toHaveLength(1);
    expect(verbsOf(server).filter((verb) => verb === "PASS")).toHaveLength(3);
  });

  test("masks the password in the transcript", async () => {
    await using server = await embedded();
    const transcript: string[] = [];
    using _ = await opened(accountOf(server, { transcribe: (line) => transcript.push(line) }));
    expect(transcript).toContain("> PASS ###");
    expect(transcript.join("\n")).not.toContain("secret");
  });
});

describe("a site that cannot be reached is unreachable, and the message says what to do", () => {
  test("a server that hangs up at once", async () => {
    const listener = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    await using server = await embedded();
    const port = portOf(listener);
    const error = await rejectionOf(openSession(accountOf(server, { port })));
    listener.close();
    expect(error.message).toBe(`Cannot connect to "127.0.0.1" port ${port}: the server closed the connection`);
  });

  test("a closed port", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const port = portOf(listener);
    await new Promise((resolve) => listener.close(resolve));
    await using server = await embedded();
    const error = await rejectionOf(openSession(accountOf(server, { port })));
    expect(error).toMatchObject({ kind: "transient", reason: "unreachable" });
    expect(error.message).toContain(`"127.0.0.1" port ${port}: nothing listens there`);
  });

  test("an unknown host", async () => {
    await using server = await embedded();
    const error = await rejectionOf(openSession(accountOf(server, { host: "nowhere.invalid" })));
    expect(error).toMatchObject({ kind: "transient", reason: "unreachable" });
    expect(error.message).toContain('"nowhere.invalid"');
    expect(error.message).toContain("no such host");
  });
});

describe("too many sessions", () => {
  test.each([
    "421 Too many connections",
    // Counted when the password comes: sessions that come at once are refused together.
    "530 Sorry, the maximum number of clients (2) is reached",
  ])("the pool finds out that there may be 2, and goes on with them: %s", async (maxSessionsReply) => {
    await using server = await embedded({ maxSessions: 2, maxSessionsReply });
    await using folder = openFolder(server, { connections: 4 });
    const useMany = () => Promise.all(Array.from({ length: 12 }, () => folder.site.list("")));
    await folder.site.open(true);
    await useMany();
    expect(folder.site.parallel).toBe(2);
    expect(folder.degraded.at(-1)).toContain("Going on with 2 at once");
    const logins = verbsOf(server).filter((verb) => verb === "PASS").length;
    await useMany();
    expect(verbsOf(server).filter((verb) => verb === "PASS")).toHaveLength(logins);
  });

  test("none at all is an error that may pass", async () => {
    await using server = await embedded({ maxSessions: 0 });
    await using folder = openFolder(server, { connections: 4 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => folder.site.list("")));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { kind: "transient", reason: "connection" } });
    }
  });
});
