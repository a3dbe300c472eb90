import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openDeafPort } from "../servers/deaf-port.ts";
import type { EmbeddedServerOptions, Features } from "../servers/embedded.ts";
import { jobOf, mtimeOf, openFolder, performed, rejectionOf, treeOf, uploadInARow } from "./remote-folder.ts";
import { asTestServer, ftpAnswers, portOf, startScriptedServer } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

const LACKS: Array<EmbeddedServerOptions & { name: string; told: number; isUndated?: true }> = [
  { name: "nothing", told: 0 },
  { name: "EPSV", features: { epsv: false }, told: 0 },
  { name: "MLSD", features: { mlsd: false }, told: 1 },
  { name: "MLST", features: { mlst: false }, told: 1 },
  { name: "MFMT", features: { mfmt: false }, told: 1, isUndated: true },
  { name: "MFMT, with vsftpd's MDTM", features: { mfmt: false, mdtmSet: true }, told: 0 },
  { name: "MDTM", features: { mdtm: false }, told: 0 },
  { name: "SIZE", features: { size: false }, told: 0 },
  { name: "SIZE and MLST", features: { size: false, mlst: false, mlsd: false }, told: 1 },
  { name: "FEAT", features: { feat: false }, told: 1 },
  { name: "UTF8", features: { utf8: false }, told: 0 },
  { name: "APPE and REST", features: { appe: false, rest: false }, told: 0 },
  { name: "SITE CHMOD", features: { siteChmod: false }, told: 0 },
  { name: "renaming over a file", features: { renameOverwrite: false }, told: 1 },
  { name: "MLSD, and lists as IIS does", features: { mlsd: false, mlst: false }, listFormat: "dos", told: 1 },
  { name: "MLSD, and lists missing folders as empty", features: { mlsd: false }, missingListsEmpty: true, told: 1 },
  { name: "MLSD, and hides dot files from a plain LIST", features: { mlsd: false }, hideDotFiles: true, told: 1 },
];

const NONE: Partial<Features> = {
  mlsd: false,
  mlst: false,
  mfmt: false,
  mdtm: false,
  size: false,
  epsv: false,
  feat: false,
  utf8: false,
  rest: false,
  appe: false,
  siteChmod: false,
  siteUtime: false,
  renameOverwrite: false,
};

describe("a server that lacks", () => {
  test.each([
    ...LACKS,
    { name: "everything at once", features: NONE, told: 3, isUndated: true },
  ])("$name is mirrored to all the same, and told of once per kind", async ({
    name: _,
    told,
    isUndated,
    ...options
  }) => {
    await using server = await embedded(options);
    await using folder = openFolder(server, { connections: 2, below: "www" });
    await folder.site.open(true);
    writeFileSync(join(folder.disk, "replaced"), "the old content");
    writeFileSync(join(folder.disk, ".dotted"), "");
    await folder.site.upload(jobOf("first", "1"));
    const jobs = ["replaced", "b", "c", "empty"].map((path) => jobOf(path, path === "empty" ? "" : path));
    const results = await uploadInARow(folder.site, jobs);
    expect(results).toMatchObject(jobs.map(() => ({ dated: isUndated !== true })));
    await folder.site.upload(jobOf("replaced", "replaced"));
    expect(readFileSync(join(folder.disk, "replaced"), "utf8")).toBe("replaced");
    if (!isUndated) expect(mtimeOf(join(folder.disk, "replaced"))).toBe(1_600_000_000_000);
    expect(treeOf(folder.disk)).toEqual([".dotted", "b", "c", "empty", "first", "replaced"]);

    const { entries, complete } = await folder.site.list("");
    const seen = entries.map(({ name, type, sizeBytes }) => `${name} ${type} ${sizeBytes}`).sort();
    expect(seen).toEqual([".dotted file 0", "b file 1", "c file 1", "empty file 0", "first file 1", "replaced file 8"]);
    expect(complete).toBe(true);
    expect(await rejectionOf(folder.site.list("gone"))).toMatchObject({ reason: "missing" });
    expect(await folder.site.entry("b")).toMatchObject({ type: "file", sizeBytes: 1 });
    expect(await folder.site.entry("gone")).toBeUndefined();

    const operations = await performed(folder.site, [
      { op: "mkdir", path: "sub" },
      { op: "rename", from: "b", path: "sub/b", isFolder: false },
      { op: "touch", path: "c", mtimeMs: 1_500_000_000_000 },
      { op: "delete", path: "empty" },
      { op: "delete", path: "gone" },
      { op: "mkdir", path: "sub" },
      { op: "rmdir", path: "sub" },
    ]);
    expect(operations.toSorted()).toEqual(
      [
        "mkdir sub done",
        "rename sub/b done",
        `touch c ${isUndated ? "undated" : "done"}`,
        "delete empty done",
        "delete gone absent",
        "mkdir sub existed",
        "rmdir sub kept",
      ].sort(),
    );
    expect(treeOf(folder.disk)).toEqual([".dotted", "c", "first", "replaced", "sub/", "sub/b"]);
    expect(folder.degraded).toHaveLength(told);
    expect(new Set(folder.degraded).size).toBe(told);
  });

  test("a listing without end says so, and nothing is concluded from it", async () => {
    await using server = await embedded({ listingLimit: 3 });
    await using folder = openFolder(server);
    for (const name of "abcde") writeFileSync(join(folder.disk, name), "");
    expect(await folder.site.list("")).toMatchObject({ complete: false });
  });
});

describe("data connections", () => {
  test("go to the host of the control connection, whatever address PASV tells", async () => {
    await using server = await embedded({ features: { epsv: false }, passiveHost: "203.0.113.9" });
    await using folder = openFolder(server);
    await folder.site.upload(jobOf("a", "x"));
    expect((await folder.site.list("")).entries).toHaveLength(1);
    expect(verbsOf(server)).toContain("PASV");
  });

  test.each([
    "229 Over there (|||0|)",
    "229 Over there",
    "229 (|||99999|)",
  ])("an EPSV reply %j without a port leads to PASV", async (reply) => {
    await using server = await embedded({ faults: [{ command: "EPSV", rawReply: `${reply}\r\n` }] });
    await using folder = openFolder(server);
    await folder.site.upload(jobOf("a", "x"));
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });

  test.each([
    { reply: "550 Not allowed", want: { code: 550 } },
    { reply: "425 Can't open data connection", want: { reason: "connection" } },
  ])("a STOR refused by $reply while its data connection is refused too: what says more counts", async ({
    reply,
    want,
  }) => {
    const closed = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => closed.once("listening", resolve));
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    const answers = {
      EPSV: `229 Here (|||${port}|)`,
      STOR: reply,
      MLST: "250-x\r\n type=dir; /\r\n250 End",
    };
    await using server = await startScriptedServer(ftpAnswers(answers));
    await using folder = openFolder(
      { ...asTestServer(server), root: "", stop: async () => {} },
      { isLoginFolder: true },
    );
    const [result] = await uploadInARow(folder.site, [jobOf("a", "x")]);
    if (server.received.some((line) => line.startsWith("STOR"))) expect(result).toMatchObject(want);
    else expect(result).toMatchObject({ kind: "transient", reason: "connection" });
  });

  describe.skipIf(process.platform !== "linux")("that a firewall drops, while the server gives up first", () => {
    test.each([
      { name: "before its 150", reply: "425 Nobody came", tls: "off" },
      { name: "after its 150", reply: "150 Opening\r\n425 Nobody came", tls: "off" },
      { name: "before its 150, with TLS", reply: "425 Nobody came", tls: "explicit" },
    ] as const)("are told by their port: $name", async ({ reply, tls }) => {
      using deaf = openDeafPort();
      await using server = await embedded({
        tls,
        dataTimeoutMs: 100,
        faults: [
          { command: "EPSV", rawReply: `229 Here (|||${deaf.port}|)\r\n`, times: 9 },
          { command: /^(STOR|MLSD)/, rawReply: `${reply}\r\n`, times: 9 },
        ],
      });
      await using folder = openFolder(server);
      const [result] = await uploadInARow(folder.site, [jobOf("a", "x")]);
      const errors = [result, await rejectionOf(folder.site.list(""))];
      for (const error of errors) {
        expect(error).toMatchObject({ kind: "transient", reason: "connection", cause: { reason: "unreachable" } });
        const { message } = error as Error;
        expect(message).toContain(`data connection to port ${deaf.port}: no answer before the server gave up`);
        expect(message).toContain('"425 Nobody came"');
        expect(message).toContain("a firewall may block its passive ports");
      }
    });
  });
});
