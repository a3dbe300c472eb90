import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type DoctorParts, examine } from "../../src/doctor/doctor.ts";
import { type Finding, STEPS, type Step } from "../../src/doctor/finding.ts";
import type { Account } from "../../src/remote/session.ts";
import { accountOf } from "../remote/remote-folder.ts";
import { embedded } from "../remote/started-server.ts";
import { certificate } from "../servers/certificates.ts";
import type { EmbeddedServer, EmbeddedServerOptions } from "../servers/embedded.ts";
import type { Fault } from "../servers/embedded-faults.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import type { TestServer, TlsMode } from "../servers/server.ts";

const ALWAYS = 1000;

async function doctor(
  server: TestServer,
  account: Partial<Account> = {},
  parts: Partial<DoctorParts> = {},
): Promise<Finding[]> {
  let nonces = 0;
  const told: Finding[] = [];
  const findings = await examine({
    account: accountOf(server, { timeoutMs: 2000, ...account }),
    remoteDir: "",
    connections: 3,
    tell: (finding) => told.push(finding),
    mask: (text) => text.replaceAll(server.password, "***"),
    nonce: () => `nonce${nonces++}`,
    now: Date.now,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
    isStopped: () => false,
    onStop() {},
    ...parts,
  });
  expect(told).toEqual(findings);
  return findings;
}

/** Everything that is not well, by step. */
const amiss = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.filter(({ mark }) => mark !== "ok").map(({ step, mark }) => [step, mark]));

const of = (findings: readonly Finding[], step: Step) => findings.find((finding) => finding.step === step);

const skipped = (...steps: Step[]) => Object.fromEntries(steps.map((step) => [step, "skipped"]));

const REAL: Array<{ kind: (typeof REAL_SERVERS)[number]; tls: TlsMode; want: object }> = REAL_SERVERS.filter(
  (kind) => whyMissing(kind) === undefined,
).flatMap((kind) => {
  const want = kind === "vsftpd" ? { listing: "warning" } : { names: "warning" };
  return [
    { kind, tls: "off", want },
    { kind, tls: "explicit", want },
  ];
});

describe("examine() on real servers", () => {
  test.each(REAL)("$kind, TLS $tls: each step is told once, and nothing is left", async ({ kind, tls, want }) => {
    const server = await startRealServer(kind, { tls });
    try {
      writeFileSync(join(server.root, "index.html"), "hello");
      const findings = await doctor(server, { timeoutMs: 20_000 });
      expect(findings.map(({ step }) => step).sort()).toEqual((Object.keys(STEPS) as Step[]).sort());
      expect(amiss(findings)).toEqual({ ...want, ...(tls === "off" && { encryption: "warning" }) });
      expect(readdirSync(server.root)).toEqual(["index.html"]);
    } finally {
      await server.stop();
    }
  });
});

interface Case {
  name: string;
  options?: EmbeddedServerOptions;
  faults?: Fault[];
  /** Marks that are not ok, beside the warning of a plain session. */
  want: object;
  /** The step whose words are looked at, and what they must hold. */
  step: Step;
  says: string[];
}

const refusing = (command: string, reply: string): Fault => ({ command, reply, times: ALWAYS });

const CASES: Case[] = [
  {
    name: "passive ports closed",
    faults: [{ command: "EPSV", rawReply: "229 Entering (|||1|)\r\n", times: ALWAYS }],
    want: {
      passive: "problem",
      ...skipped("listing", "write", "size", "rename", "time", "clock", "delete", "hidden", "names"),
    },
    step: "passive",
    says: ["port 1", "229 Entering (|||1|)", "firewall"],
  },
  {
    name: "passive mode refused",
    faults: [refusing("EPSV", "425 No ports left"), refusing("PASV", "425 No ports left")],
    want: {
      passive: "problem",
      ...skipped("listing", "write", "size", "rename", "time", "clock", "delete", "hidden", "names"),
    },
    step: "passive",
    says: ["425 No ports left"],
  },
  {
    name: "an address of NAT in PASV",
    options: { passiveHost: "10.0.0.7" },
    want: { passive: "warning" },
    step: "passive",
    says: ["10.0.0.7", "NAT"],
  },
  {
    name: "a listing that is forbidden",
    faults: [refusing("MLSD", "550 Permission denied")],
    want: { listing: "problem", ...skipped("hidden", "names") },
    step: "listing",
    says: ["550 Permission denied"],
  },
  {
    name: "a listing that is cut short",
    options: { listingLimit: 0 },
    want: { listing: "warning", hidden: "warning" },
    step: "listing",
    says: ["cut short", "truncated"],
  },
  {
    name: "no MLSD, MLST and MFMT",
    options: { features: { mlsd: false, mlst: false, mfmt: false } },
    want: { listing: "warning", time: "warning" },
    step: "time",
    says: ["no file times", "--adopt size"],
  },
  {
    name: "no folder can be made",
    faults: [refusing("MKD", "550 Permission denied")],
    want: { folders: "problem", ...skipped("hidden", "names") },
    step: "folders",
    says: ["550 Permission denied"],
  },
  {
    name: "no file can be stored",
    faults: [refusing("STOR", "550 Permission denied")],
    want: { write: "problem", ...skipped("size", "rename", "time", "clock", "delete") },
    step: "write",
    says: ["550 Permission denied", "may write"],
  },
  {
    name: "neither folder nor file can be made",
    faults: [refusing("MKD", "550 Permission denied"), refusing("STOR", "553 Could not create file.")],
    want: {
      ...{ folders: "problem", write: "problem" },
      ...skipped("size", "rename", "time", "clock", "delete", "hidden", "names"),
    },
    step: "write",
    says: ["553 Could not create file", "may write in this folder"],
  },
  {
    name: "a quota that is used up",
    options: { quotaBytes: 20 },
    want: { write: "problem", ...skipped("size", "rename", "time", "clock", "delete") },
    step: "write",
    says: ["552", "quota"],
  },
  {
    name: "contents that are cut",
    faults: [{ command: "STOR", truncateAt: 20, times: ALWAYS }],
    want: { size: "problem" },
    step: "size",
    says: ["bytes were sent", "holds 20"],
  },
  {
    name: "contents that do not come back",
    faults: [refusing("RETR", "550 Downloads are not allowed")],
    want: { size: "warning" },
    step: "size",
    says: ["550 Downloads are not allowed", "--checksum"],
  },
  {
    name: "a clock an hour behind",
    faults: [{ command: "MDTM", rawReply: "213 20200101000000\r\n", times: 1 }],
    want: { clock: "warning" },
    step: "clock",
    says: ["behind"],
  },
  {
    name: "times in another zone",
    faults: [{ command: "MDTM", occurrence: 2, rawReply: "213 20010203060506\r\n", times: 1 }],
    want: { time: "warning" },
    step: "time",
    says: ["2 h off", "zone"],
  },
  {
    name: "no rename over a file",
    options: { features: { renameOverwrite: false } },
    want: { rename: "warning" },
    step: "rename",
    says: ["553", "sets the old file aside"],
  },
  {
    name: "no rename at all",
    faults: [refusing("RNTO", "550 Not allowed")],
    want: { rename: "problem" },
    step: "rename",
    says: ["550 Not allowed", "--in-place"],
  },
  {
    name: "hidden dot files",
    options: { hideDotFiles: true },
    want: { hidden: "warning" },
    step: "hidden",
    says: ["begin with a dot"],
  },
  {
    name: "letter case ignored",
    options: { caseInsensitive: true },
    want: { names: "warning" },
    step: "names",
    says: ["A are one name"],
  },
  {
    name: "names that are altered",
    options: { alterName: (name) => name.replace(/:/g, "_").replace(/ $/, "") },
    want: { names: "warning" },
    step: "names",
    says: ['":"', "space at the end", "stored otherwise"],
  },
  {
    name: "two sessions at most",
    options: { maxSessions: 2, maxSessionsReply: "421 Two are enough" },
    want: { sessions: "warning" },
    step: "sessions",
    says: ["2 sessions at once, not 3", "421 Two are enough", "--connections 2"],
  },
  {
    name: "one session, told at the login",
    options: { maxSessions: 1, maxSessionsReply: "530 Too many of you" },
    want: { sessions: "warning" },
    step: "sessions",
    says: ["One session at once", "530 Too many of you"],
  },
  {
    name: "a connection that is lost in a step",
    faults: [{ command: "RNFR", drop: "both", when: "before" }],
    want: { rename: "problem" },
    step: "rename",
    says: [],
  },
];

describe("examine() on a server with", () => {
  test.each(CASES)("$name", async ({ options, faults = [], want, step, says }) => {
    await using server = await embedded(options);
    writeFileSync(join(server.root, "theirs"), "");
    for (const fault of faults) server.inject(fault);
    const findings = await doctor(server);
    expect(amiss(findings)).toEqual({ encryption: "warning", ...want });
    const { found, server: words = "", advice = "" } = of(findings, step) ?? { found: "" };
    for (const text of says) expect(`${found}\n${words}\n${advice}`).toContain(text);
    // Every trouble has its advice.
    for (const { mark, advice: told } of findings) if (mark === "problem") expect(told).not.toBeUndefined();
    expect(readdirSync(server.root)).toEqual(["theirs"]);
  });

  test("no deletions, says what is left", async () => {
    await using server = await embedded();
    server.inject(refusing("DELE", "550 Never"));
    const findings = await doctor(server);
    expect(amiss(findings)).toEqual({ encryption: "warning", delete: "problem", cleanup: "problem" });
    const left = readdirSync(server.root, { recursive: true, encoding: "utf8" }).map((path) => `/${path}`);
    expect(left.length).toBeGreaterThan(1);
    expect(of(findings, "cleanup")?.found.split(", ").sort()).toEqual(left.sort());
  });
});

describe("examine() of the remote folder", () => {
  test.each([
    { name: "that is there", remoteDir: "www", mark: "ok", says: "/www is there" },
    { name: "that is not there yet", remoteDir: "www/new/deep", mark: "warning", says: "The rest is tried in /www" },
    { name: "that is a file", remoteDir: "www/file", mark: "problem", says: '"/www/file" is not a folder' },
    { name: "that is the root", remoteDir: "/", mark: "ok", says: "/ is there" },
  ])("$name", async ({ remoteDir, mark, says }) => {
    await using server = await embedded();
    mkdirSync(join(server.root, "www"));
    writeFileSync(join(server.root, "www/file"), "");
    const findings = await doctor(server, {}, { remoteDir });
    expect(of(findings, "folder")).toMatchObject({ mark, found: expect.stringContaining(says) });
    expect(of(findings, "write")).toMatchObject({ mark: "ok" });
    expect(readdirSync(server.root, { recursive: true, encoding: "utf8" }).sort()).toEqual(["www", "www/file"]);
  });
});

describe("examine() without a session", () => {
  const FINGERPRINT = /--tls-fingerprint ([0-9a-f]{64})/;

  test("a self-signed certificate: shown, with the option that trusts it, which then does", async () => {
    await using server = await embedded({ tls: "explicit" });
    const findings = await doctor(server, { trust: { insecure: false } });
    expect(of(findings, "encryption")).toMatchObject({ mark: "problem", code: 4 });
    const { found = "", advice = "" } = of(findings, "encryption") ?? {};
    for (const text of ["self-signed", '"127.0.0.1" by "127.0.0.1"', "valid 2020-01-01 to", "TLSv1.3"]) {
      expect(found).toContain(text);
    }
    expect(of(findings, "login")).toMatchObject({ mark: "skipped" });
    expect(server.commands.map(({ text }) => text)).toEqual(["AUTH TLS"]);
    const [, fingerprint = ""] = FINGERPRINT.exec(advice) ?? [];
    const trusting = await doctor(server, { trust: { insecure: false, fingerprint } });
    expect(of(trusting, "encryption")).toMatchObject({ mark: "ok" });
  });

  test("a certificate that is not the one that was given", async () => {
    await using server = await embedded({ tls: "explicit" });
    const findings = await doctor(server, { trust: { insecure: false, fingerprint: "0".repeat(64) } });
    const { mark, found = "", advice = "" } = of(findings, "encryption") ?? {};
    expect({ mark, isSaid: found.includes("not the one that was given") }).toEqual({ mark: "problem", isSaid: true });
    expect(advice).toMatch(FINGERPRINT);
    expect(advice).toContain("somebody may be listening");
  });

  test("a certificate that is believed blindly", async () => {
    await using server = await embedded({ tls: "implicit" });
    const findings = await doctor(server, { trust: { insecure: true } });
    expect(of(findings, "encryption")).toMatchObject({ mark: "warning", advice: expect.stringMatching(FINGERPRINT) });
  });

  test.each<{ name: string; account: Partial<Account>; options?: EmbeddedServerOptions; step: Step; code: number }>([
    { name: "a wrong password", account: { password: "wrong" }, step: "login", code: 4 },
    { name: "TLS that is demanded and not offered", account: { tls: "explicit" }, step: "encryption", code: 4 },
    {
      name: "TLS that was always there before",
      account: { seenEncrypted: true, tls: "auto" },
      step: "encryption",
      code: 4,
    },
    { name: "implicit TLS on a plain port", account: { tls: "implicit" }, step: "encryption", code: 4 },
    { name: "a port where nothing listens", account: { port: 1 }, step: "port", code: 3 },
    { name: "a host that does not exist", account: { host: "nowhere.invalid" }, step: "name", code: 3 },
    {
      name: "a server that greets with 421",
      account: {},
      options: { maxSessions: 0, maxSessionsReply: "421 Come back later" },
      step: "port",
      code: 3,
    },
    {
      name: "an explicit connection to a port with implicit TLS",
      account: { timeoutMs: 500, tls: "auto" },
      options: { tls: "implicit" },
      step: "port",
      code: 3,
    },
  ])("$name: the step that failed is told, and those after it are not tried", async ({
    account,
    options,
    step,
    code,
  }) => {
    await using server = await embedded(options);
    const findings = await doctor(server, account);
    expect(of(findings, step)).toMatchObject({ mark: "problem", code, advice: expect.any(String) });
    const at = findings.findIndex((finding) => finding.step === step);
    expect(findings.slice(at + 1).every(({ mark }) => mark === "skipped")).toBe(true);
    expect(findings.slice(0, at).some(({ mark }) => mark === "problem")).toBe(false);
    expect(new Set(findings.map((finding) => finding.step)).size).toBe(Object.keys(STEPS).length - 1);
  });

  test("a port behind which nothing speaks FTP", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    await using server = await embedded();
    const { port } = silent.address() as { port: number };
    const findings = await doctor(server, { port, timeoutMs: 300 });
    expect(of(findings, "port")).toMatchObject({ mark: "problem", advice: expect.stringContaining("no FTP server") });
    silent.close();
  });

  test("a secret that the server repeats is masked", async () => {
    await using server = await embedded({ password: "tell nobody" });
    server.inject({ command: "PASS", reply: "530 tell nobody is no password" });
    const findings = await doctor(server);
    expect(of(findings, "login")?.server).toBe("530 *** is no password");
    expect(JSON.stringify(findings)).not.toContain("tell nobody");
  });
});

describe("examine() that is stopped", () => {
  /** Stops the doctor as soon as the server was sent `command`. */
  async function stoppedAt(server: EmbeddedServer, command: RegExp): Promise<Finding[]> {
    let isStopped = false;
    const callbacks: Array<() => void> = [];
    const examining = doctor(server, {}, { isStopped: () => isStopped, onStop: (call) => callbacks.push(call) });
    while (!server.commands.some(({ text }) => command.test(text))) await Bun.sleep(2);
    isStopped = true;
    for (const call of callbacks) call();
    return examining;
  }

  test.each([
    "MLSD",
    "MKD",
    "STOR",
    "SIZE",
    "RETR",
    "RNFR",
    "RNTO",
    "MFMT",
    "DELE",
  ])("in %s leaves nothing behind", async (verb) => {
    await using server = await embedded();
    server.inject({ command: verb, stallMs: 400, when: "before" });
    const findings = await stoppedAt(server, new RegExp(`^${verb}`));
    expect(findings.filter(({ mark }) => mark === "problem")).toEqual([]);
    expect(readdirSync(server.root)).toEqual([]);
  });

  test("while it connects ends at once", async () => {
    await using server = await embedded();
    server.inject({ command: "USER", stallMs: 60_000, when: "before" });
    const findings = await stoppedAt(server, /^USER/);
    expect(findings.filter(({ step }) => step !== "name")).toEqual([]);
  });

  test("on a server that lets in one session, and counts the old one for a while", async () => {
    await using server = await embedded({ maxSessions: 1 });
    server.inject({ command: "STOR", stallMs: 200, when: "before" });
    await stoppedAt(server, /^STOR/);
    expect(readdirSync(server.root)).toEqual([]);
  });
});

test("the certificate of the tests is the one that is shown", async () => {
  await using server = await embedded({ tls: "explicit" });
  const authorities = readFileSync(certificate().authorityFile, "utf8");
  const findings = await doctor(server, { trust: { insecure: false, authorities } });
  expect(of(findings, "encryption")).toMatchObject({
    mark: "ok",
    found: expect.stringMatching(/SHA-256 [0-9a-f]{64}/),
  });
});
