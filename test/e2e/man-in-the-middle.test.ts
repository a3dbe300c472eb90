import { describe, expect, test } from "bun:test";
import { certificate } from "../servers/certificates.ts";
import { MIDDLE, startManInTheMiddle, type Tampering } from "../servers/man-in-the-middle.ts";
import { availableServers } from "../servers/real.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

const NAMES = ["127.0.0.1", MIDDLE];
const GENUINE = certificate({ names: NAMES, signed: true });
const IMPOSTORS = {
  "of the right name, signed by himself": certificate({ names: NAMES }),
  "of another name, by the same authority": certificate({ names: ["example.org"], signed: true }),
};
const SERVERS = ["embedded", ...availableServers()] as const;
type ServerKind = (typeof SERVERS)[number];

/** A server with its strict defaults, somebody in front of it, and a file to be sent. */
async function meet(sandbox: Sandbox, kind: ServerKind, tampering: Tampering = {}) {
  const server =
    kind === "embedded"
      ? await sandbox.embedded({ tls: "explicit", certificate: GENUINE })
      : await sandbox.real(kind, "explicit", { certificate: GENUINE, demandsDataTls: true });
  const middle = await startManInTheMiddle(server, tampering);
  sandbox.write("a.txt", "precious content");
  return { ...middle, real: server, [Symbol.asyncDispose]: middle.stop };
}

const PIN = GENUINE.fingerprint;
const SECRETS = /^(USER|PASS)/;

describe.each(SERVERS)("a man in the middle, in front of %s,", (kind) => {
  test.each(["explicit", "auto"])("who strips TLS gets no password: --tls %s", async (policy) => {
    await using sandbox = createSandbox();
    await using middle = await meet(sandbox, kind);
    const site = sandbox.site({ ...middle.server, url: middle.server.url.replace("ftpes:", "ftp:") });
    const sync = () => sandbox.run(["sync", ...site, "--tls", policy], sandbox.env(middle.server));
    if (policy === "auto") {
      // Seen with TLS once, and be it at a try that came to nothing.
      await sandbox.run(["sync", ...site, "--tls", policy], sandbox.env(middle.server, { MIROIR_PASSWORD: "wrong" }));
    }
    middle.tamper({ stripsTls: true });
    const before = middle.heard.length;
    sandbox.write("b.txt", "b");
    const { code, stderr } = await sync();
    expect({ code, heard: middle.heard.slice(before).filter((line) => SECRETS.test(line)) }).toEqual({
      code: 4,
      heard: [],
    });
    expect(stderr).toContain("502 Command not implemented");
    expect(sandbox.unequal(middle.real)).toContain("missing: b.txt");
  });

  test.each([
    { name: "whole replies", injects: "331 Password required\r\n230 Logged in\r\n200 Fine\r\n200 Fine\r\n" },
    { name: "half a reply", injects: "230 Logged" },
    { name: "the beginning of a long reply", injects: "230-Logged in\r\n and so on\r\n" },
    { name: "whole replies, in a packet of their own", injects: "331 Go on\r\n230 Logged in\r\n", isSplit: true },
  ])("who injects $name before the handshake is not believed", async ({ injects, isSplit = false }) => {
    await using sandbox = createSandbox();
    await using middle = await meet(sandbox, kind, { injects, isSplit });
    const wrong = sandbox.env(middle.server, { MIROIR_PASSWORD: "wrong" });
    // vsftpd lets its one user in with any password, and data connections of the embedded server go to nobody.
    const { code } = await sandbox.run(["sync", ...sandbox.site(middle.server), "--retries", "0"], wrong);
    if (kind !== "vsftpd") expect([3, 4]).toContain(code);
    expect(middle.heard.filter((line) => SECRETS.test(line))).toEqual([]);
    // Whole replies that nobody waits for end the session at once.
    if ("commands" in middle.real && /\n$/.test(injects) && !isSplit && !injects.startsWith("230-")) {
      expect(middle.real.commands.map(({ text }) => text).filter((text) => text.startsWith("USER"))).toEqual([]);
    }
    // Nothing injected counts as an answer: what is told as done has been done.
    const done = sandbox.records().filter(({ event }) => event === "upload");
    expect(done.length > 0).toBe(sandbox.unequal(middle.real).length === 0);
  });

  test.each(
    Object.entries(IMPOSTORS),
  )("who shows a certificate %s gets neither user nor password", async (_, impostor) => {
    await using sandbox = createSandbox();
    await using middle = await meet(sandbox, kind, { controlCertificate: impostor });
    for (const trust of [
      [],
      ["--tls-fingerprint", PIN],
      ["--tls-fingerprint", PIN.toLowerCase().replaceAll(":", "")],
    ]) {
      const { code, stderr } = await sandbox.sync(middle.server, ...trust);
      expect({ trust, code }).toEqual({ trust, code: 4 });
      expect(stderr).toContain(impostor.fingerprint.replaceAll(":", "").toLowerCase());
    }
    expect(middle.heard.filter((line) => SECRETS.test(line))).toEqual([]);
    expect(sandbox.unequal(middle.real)).not.toEqual([]);
  });
});

describe.each(SERVERS.filter((kind) => kind !== "embedded"))("in front of %s, with its data connections,", (kind) => {
  test("who only passes on hears nothing and changes nothing", async () => {
    await using sandbox = createSandbox();
    await using middle = await meet(sandbox, kind);
    const { code } = await sandbox.sync(middle.server);
    expect({ code, unequal: sandbox.unequal(middle.real) }).toEqual({ code: 0, unequal: [] });
    expect(new Set(middle.heard)).toEqual(new Set(["AUTH TLS"]));
  });

  test.each(
    Object.entries(IMPOSTORS).flatMap(([name, impostor]) =>
      [[], ["--tls-fingerprint", PIN]].map((trust) => ({ name, impostor, trust })),
    ),
  )("who shows a certificate $name there is refused with 4, and gets no byte: $trust", async ({ impostor, trust }) => {
    await using sandbox = createSandbox();
    await using middle = await meet(sandbox, kind, { dataCertificate: impostor });
    const { code, stderr } = await sandbox.sync(middle.server, ...trust);
    expect({ code, readBytes: middle.readBytes }).toEqual({ code: 4, readBytes: 0 });
    expect(stderr).toContain(impostor.fingerprint.replaceAll(":", "").toLowerCase());
    expect(sandbox.unequal(middle.real)).toContain("missing: a.txt");
  });
});
