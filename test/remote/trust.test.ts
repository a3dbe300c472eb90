import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:tls";
import { openSession } from "../../src/remote/session.ts";
import type { Trust } from "../../src/remote/trust.ts";
import { type CertificateOptions, certificate } from "../servers/certificates.ts";
import type { TlsMode } from "../servers/server.ts";
import { accountOf, jobOf, openFolder, rejectionOf, treeOf } from "./remote-folder.ts";
import { portOf } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

const TLS_MODES: TlsMode[] = ["explicit", "implicit"];
const UNTRUSTED: Array<{ name: string; how: CertificateOptions; isOwnAuthority?: true; words: string }> = [
  { name: "a self-signed certificate", how: {}, words: "it is self-signed" },
  { name: "one of an unknown authority", how: { signed: true }, words: "its authority is not a known one" },
  { name: "one for another host", how: { names: ["example.org"] }, isOwnAuthority: true, words: "another host name" },
  { name: "an expired one", how: { expired: true }, isOwnAuthority: true, words: "it has expired" },
];

const digitsOf = (fingerprint: string) => fingerprint.replaceAll(":", "").toLowerCase();

describe("a certificate that is not trusted", () => {
  test.each(
    UNTRUSTED.flatMap((row) => TLS_MODES.map((tls) => ({ ...row, tls }))),
  )("$name is refused before the password is sent, $tls: the message shows it and the option that trusts it", async ({
    how,
    isOwnAuthority,
    words,
    tls,
  }) => {
    const identity = certificate(how);
    await using server = await embedded({ tls, certificate: identity });
    const authorities = isOwnAuthority && { authorities: readFileSync(identity.authorityFile, "utf8") };
    const error = await rejectionOf(openSession(accountOf(server, { trust: { insecure: false, ...authorities } })));
    expect(error).toMatchObject({ kind: "fatal", reason: "tls" });
    expect(error.message).toContain(words);
    expect(error.message).toContain(`--tls-fingerprint ${digitsOf(identity.fingerprint)}`);
    expect(error.message).toContain(`subject "${how.names?.[0] ?? "127.0.0.1"}"`);
    expect(verbsOf(server).filter((verb) => !["AUTH", "QUIT"].includes(verb))).toEqual([]);
  });

  test.each(UNTRUSTED)("$name is trusted by its fingerprint, data connections included", async ({ how }) => {
    const identity = certificate(how);
    await using server = await embedded({ tls: "explicit", certificate: identity });
    const trust: Trust = { insecure: false, fingerprint: digitsOf(identity.fingerprint) };
    await using folder = openFolder(server, { account: { trust } });
    await folder.site.upload(jobOf("a", "x"));
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });

  test.each(UNTRUSTED)("$name is believed with `insecure`, data connections included", async ({ how }) => {
    await using server = await embedded({ tls: "explicit", certificate: certificate(how) });
    await using folder = openFolder(server, { account: { trust: { insecure: true } } });
    await folder.site.upload(jobOf("a", "x"));
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });
});

describe("a certificate that is trusted", () => {
  test.each<{ name: string; how: CertificateOptions }>([
    { name: "self-signed, given as authority", how: {} },
    { name: "signed by the given authority", how: { signed: true } },
  ])("$name", async ({ how }) => {
    const identity = certificate(how);
    await using server = await embedded({ tls: "explicit", certificate: identity });
    const authorities = readFileSync(identity.authorityFile, "utf8");
    await using folder = openFolder(server, { account: { trust: { insecure: false, authorities } } });
    await folder.site.upload(jobOf("a", "x"));
    expect(folder.connected).toEqual([{ encrypted: true }]);
  });

  test.each(TLS_MODES)("but has not the given fingerprint is refused loudly, %s", async (tls) => {
    const identity = certificate();
    await using server = await embedded({ tls, certificate: identity });
    const authorities = readFileSync(identity.authorityFile, "utf8");
    const fingerprint = "0".repeat(64);
    const error = await rejectionOf(
      openSession(accountOf(server, { trust: { insecure: false, authorities, fingerprint } })),
    );
    expect(error).toMatchObject({ kind: "fatal", reason: "tls" });
    expect(error.message).toContain(digitsOf(identity.fingerprint));
    expect(error.message).toContain("--tls-fingerprint");
    expect(error.message).toContain("has changed");
    expect(error.message).toContain("somebody may be in between");
    expect(error.message).toContain(
      `Pinned: ${fingerprint}. Shown: ${digitsOf(identity.fingerprint)} (subject "127.0.0.1"`,
    );
    expect(verbsOf(server)).not.toContain("USER");
  });
});

describe("a data connection with another certificate", () => {
  test.each<{ name: string; trustOf: (identity: { fingerprint: string; authorities: string }) => Trust }>([
    { name: "an authority", trustOf: ({ authorities }) => ({ insecure: false, authorities }) },
    { name: "a fingerprint", trustOf: ({ fingerprint }) => ({ insecure: false, fingerprint }) },
  ])("is refused although the control connection is trusted by $name, and gets no byte", async ({ trustOf }) => {
    const identity = certificate();
    const impostor = certificate({ names: ["127.0.0.1", "impostor"] });
    let receivedBytes = 0;
    const listener = createTlsServer(
      { key: readFileSync(impostor.keyFile), cert: readFileSync(impostor.certificateFile) },
      (socket) => {
        socket.on("error", () => {});
        socket.on("data", (bytes) => {
          receivedBytes += bytes.length;
        });
      },
    );
    listener.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    try {
      await using server = await embedded({ tls: "explicit", certificate: identity });
      const trust = trustOf({
        fingerprint: digitsOf(identity.fingerprint),
        authorities: readFileSync(identity.authorityFile, "utf8"),
      });
      await using folder = openFolder(server, { account: { trust } });
      await folder.site.open(true);
      server.inject({ command: "EPSV", rawReply: `229 Over there (|||${portOf(listener)}|)\r\n` });
      server.inject({ command: "STOR", reply: "150 Go" });
      const error = await rejectionOf(folder.site.upload(jobOf("a", "precious")));
      expect(error).toMatchObject({ kind: "fatal", reason: "tls" });
      expect(receivedBytes).toBe(0);
      expect(treeOf(folder.disk)).toEqual([]);
    } finally {
      listener.close();
    }
  });
});
