import { describe, expect, test } from "bun:test";
import { type CertificateOptions, certificate } from "../servers/certificates.ts";
import { availableServers } from "../servers/real.ts";
import type { TlsMode } from "../servers/server.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

const SERVERS = ["embedded", ...availableServers()] as const;
type ServerKind = (typeof SERVERS)[number];

function start(sandbox: Sandbox, kind: ServerKind, how: CertificateOptions, tls: TlsMode = "explicit") {
  const identity = certificate(how);
  sandbox.write("a.txt", "a");
  return kind === "embedded"
    ? sandbox.embedded({ tls, certificate: identity, requireTls: true, requireTlsReuse: true })
    : sandbox.real(kind, tls, { certificate: identity, demandsDataTls: true });
}

/** FOLDER SITE without the `--tls-ca` that the other tests give. */
function untrusting(sandbox: Sandbox, server: Awaited<ReturnType<typeof start>>): string[] {
  const args = sandbox.site(server);
  const at = args.indexOf("--tls-ca");
  return args.toSpliced(at, 2);
}

const hexOf = (how: CertificateOptions) => certificate(how).fingerprint.replaceAll(":", "").toLowerCase();

const SELF_SIGNED: CertificateOptions = {};
const PRIVATE: CertificateOptions = { signed: true };
const EXPIRED: CertificateOptions = { signed: true, expired: true };
const WRONG_NAME: CertificateOptions = { signed: true, names: ["example.org"] };

describe.each(SERVERS)("%s with its strict defaults", (kind) => {
  test.each([
    { name: "self-signed", how: SELF_SIGNED, words: "it is self-signed" },
    { name: "of a private authority", how: PRIVATE, words: "its authority is not a known one" },
    { name: "expired", how: EXPIRED, withAuthority: true, words: "it has expired" },
    { name: "for another name", how: WRONG_NAME, withAuthority: true, words: "it was made for another host name" },
  ])("a certificate that is $name is exit 4, shown with the option that trusts it; the option works as printed", async ({
    how,
    withAuthority = false,
    words,
  }) => {
    await using sandbox = createSandbox();
    const server = await start(sandbox, kind, how);
    const args = withAuthority ? sandbox.site(server) : untrusting(sandbox, server);
    const refused = await sandbox.run(["sync", ...args], sandbox.env(server));
    expect({ code: refused.code, lines: refused.stderr.split("\n").length - 1 }).toEqual({ code: 4, lines: 1 });
    for (const part of [words, `subject "${how.names?.[0] ?? "127.0.0.1"}"`, "issuer", "2020", hexOf(how)]) {
      expect(refused.stderr).toContain(part);
    }
    const [, option = "", value = ""] = /add (--tls-fingerprint) ([0-9a-f]{64})/.exec(refused.stderr) ?? [];
    const trusted = await sandbox.run(["sync", ...untrusting(sandbox, server), option, value], sandbox.env(server));
    expect({ code: trusted.code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
  });

  test("a certificate of a private authority is trusted by --tls-ca", async () => {
    await using sandbox = createSandbox();
    const server = await start(sandbox, kind, PRIVATE);
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test.each([
    { form: "as openssl prints it", of: (hex: string) => hex.toUpperCase().replace(/..(?!$)/g, "$&:") },
    { form: "in small letters with colons", of: (hex: string) => hex.replace(/..(?!$)/g, "$&:") },
    { form: "in capital letters", of: (hex: string) => hex.toUpperCase() },
  ])("a pin $form is taken; when the certificate changes it is exit 4, loudly, whoever signed the new one", async ({
    of,
  }) => {
    await using sandbox = createSandbox();
    const server = await start(sandbox, kind, PRIVATE);
    const pin = of(hexOf(PRIVATE));
    const pinned = ["--tls-fingerprint", pin];
    expect((await sandbox.run(["sync", ...untrusting(sandbox, server), ...pinned], sandbox.env(server))).code).toBe(0);
    await server.stop();

    const renewed: CertificateOptions = { signed: true, names: ["127.0.0.1", "renewed"] };
    const other = await start(sandbox, kind, renewed);
    // With its authority given the new one would be trusted, but for the pin.
    const { code, stderr } = await sandbox.run(["sync", ...sandbox.site(other), ...pinned], sandbox.env(other));
    expect(code).toBe(4);
    expect(stderr).toContain(`The certificate of "127.0.0.1" has changed`);
    for (const part of [hexOf(PRIVATE), hexOf(renewed), "somebody may be in between", "Nothing was sent"]) {
      expect(stderr).toContain(part);
    }
    expect(sandbox.unequal(other)).not.toEqual([]);
  });

  test.each(["off", "auto"])("--tls %s: what it demands is never gone around", async (policy) => {
    await using sandbox = createSandbox();
    const server = await start(sandbox, kind, PRIVATE);
    const plain = { ...server, url: server.url.replace(/^ftpes:/, "ftp:") };
    const { code } = await sandbox.sync(plain, "--tls", policy, "--retries", "0");
    if (policy === "auto") expect({ code, unequal: sandbox.unequal(server) }).toEqual({ code: 0, unequal: [] });
    else expect([3, 4]).toContain(code);
  });
});

describe.each(SERVERS.filter((kind) => kind !== "pure-ftpd"))("implicit TLS of %s", (kind) => {
  test("is verified, and mirrors", async () => {
    await using sandbox = createSandbox();
    const server = await start(sandbox, kind, PRIVATE, "implicit");
    expect((await sandbox.run(["sync", ...untrusting(sandbox, server)], sandbox.env(server))).code).toBe(4);
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });
});

describe("a server that will not encrypt", () => {
  test("with TLS 1.2 or newer is exit 4, and hears neither user nor password", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit", tlsMaxVersion: "TLSv1.1" });
    sandbox.write("a.txt", "a");
    for (const trust of [[], ["--tls-insecure"]]) {
      expect((await sandbox.sync(server, "--retries", "0", ...trust)).code).toBe(4);
    }
    expect(server.commands.map(({ text }) => text.split(" ")[0]).filter((verb) => verb !== "QUIT")).toEqual([
      "AUTH",
      "AUTH",
    ]);
  });

  test.each([
    "auto",
    "explicit",
  ])("data connections, at PROT P, is exit 4 with nothing sent, --tls %s", async (policy) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({
      tls: "explicit",
      faults: [{ command: "PROT", reply: "534 No", times: 99 }],
    });
    sandbox.write("a.txt", "a");
    const plain = { ...server, url: server.url.replace(/^ftpes:/, "ftp:") };
    const { code, stderr } = await sandbox.sync(plain, "--tls", policy);
    expect({ code, transfers: server.transfers }).toEqual({ code: 4, transfers: [] });
    expect(stderr).toContain("534 No");
  });

  test.each([
    { name: "522 of its own", reply: "522 No TLS on this data connection" },
    { name: "a data connection that says nothing of TLS", reply: undefined },
  ])("data connections, at their handshake, sends nothing in clear: $name", async ({ reply }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ tls: "explicit" });
    sandbox.write("a.txt", "a");
    const heard: string[] = [];
    using listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, bytes) {
          heard.push(bytes.toString("latin1"));
          socket.write("200 I speak no TLS\r\n");
          socket.end();
        },
      },
    });
    const times = 99;
    server.inject({ command: "EPSV", rawReply: `229 Over there (|||${listener.port}|)\r\n`, times });
    server.inject({ command: /^(STOR|MLSD|LIST)/, reply: reply ?? "150 Go", times });
    const { code } = await sandbox.sync(server, "--retries", "0", "--timeout", "2s");
    expect(code).not.toBe(0);
    if (reply === undefined) expect(code).toBe(4);
    for (const bytes of heard) expect(bytes).toStartWith("\x16\x03");
    expect(sandbox.unequal(server)).not.toEqual([]);
  });
});

test("a certificate with control characters in its names cannot write to the terminal or the log", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded({
    tls: "explicit",
    certificate: certificate({ names: ["evil\u001b[2Jname"] }),
  });
  sandbox.write("a.txt", "a");
  const { code, stderr } = await sandbox.run(["sync", ...untrusting(sandbox, server)], sandbox.env(server));
  expect(code).toBe(4);
  expect(stderr).toContain("evil");
  expect(stderr).not.toContain("\u001b");
});
