import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Site, Uploaded } from "../../src/remote/site.ts";
import type { Fault, FaultEffect } from "../servers/embedded.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import { jobOf, openFolder, type TestJob, treeOf, uploadInARow } from "./remote-folder.ts";
import { portOf } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

const VSFTPD = "220 (vsFTPd 3.0.3)";
const CALLS_ITSELF_VSFTPD: Fault = { command: "GREETING", reply: VSFTPD, times: Number.POSITIVE_INFINITY };

const jobs = (count: number) =>
  Array.from({ length: count }, (_, index) => jobOf(`file ${index}`, `content ${index} `.repeat(index * 20)));

const contentOf = (job: TestJob) => `content ${job.path.slice(5)} `.repeat(Number(job.path.slice(5)) * 20);

/** Sends again what failed, as often as a pass would. */
async function untilAllAreThere(site: Site, all: TestJob[], results: Array<Uploaded | Error | undefined>) {
  for (let tries = 0; tries < 4; tries++) {
    const left = all.filter((_, index) => !results[index] || results[index] instanceof Error);
    if (left.length === 0) return;
    const again = await uploadInARow(site, left);
    for (const [index, job] of left.entries()) results[all.indexOf(job)] = again[index];
  }
}

describe("a row on a server that takes a STOR behind a running one", () => {
  test("is one write a file, each renamed a file later", async () => {
    await using server = await embedded({ faults: [CALLS_ITSELF_VSFTPD] });
    await using folder = openFolder(server, { connections: 1 });
    await folder.site.open(true);
    const before = server.commands.length;
    const results = await uploadInARow(folder.site, jobs(4));
    expect(results).toMatchObject(results.map(() => ({ dated: true })));
    const queue = ["EPSV", "STOR", "SIZE", "MFMT"];
    const rename = ["RNFR", "RNTO"];
    const want = [queue, queue, rename, queue, rename, queue, rename, rename];
    expect(verbsOf(server).slice(before)).toEqual(want.flat());
  });

  test("lets a large file wait until those before it are renamed", async () => {
    await using server = await embedded({ faults: [CALLS_ITSELF_VSFTPD] });
    await using folder = openFolder(server, { connections: 1 });
    const reported: string[] = [];
    const large = jobOf("large", "x".repeat(1024 * 1024));
    large.onProgress = () => {
      if (!reported.includes("large begins")) reported.push("large begins");
    };
    const row = [...jobs(3), large, jobOf("last", "y")];
    await folder.site.uploads(
      () => row.shift(),
      (job) => reported.push(job.path),
    );
    expect(reported).toEqual(["file 0", "file 1", "file 2", "large begins", "large", "last"]);
  });

  const EFFECTS: Array<[string, FaultEffect]> = [
    ["dropped before", { drop: "control", when: "before" }],
    ["dropped after", { drop: "control", when: "after" }],
    ["never answered", { withholdReply: true }],
    ["carried out when nobody waits", { stallMs: 1200, when: "before", outlives: true }],
    ["451", { reply: 451 }],
    ["425", { reply: 425 }],
    ["552", { reply: 552 }],
    ["550", { reply: 550 }],
    ["421 after", { reply: 421, when: "after" }],
    ["a reply too many", { unsolicited: "226 hello" }],
    ["answered late", { delayReplyMs: 300 }],
  ];
  const IN_STOR: Array<[string, FaultEffect]> = [
    ["reset", { reset: true }],
    ["data dropped", { drop: "data", when: "during" }],
    ["control dropped during", { drop: "control", when: "during" }],
    ["cut with a 226", { truncateAt: 3, reply: 226 }],
    ["552 during", { reply: 552, when: "during" }],
    ["226 before the bytes", { early: true }],
  ];
  const CASES = ["EPSV", "STOR", "SIZE", "MFMT", "RNFR", "RNTO"].flatMap((command) =>
    [1, 2, 4].flatMap((occurrence) =>
      [...EFFECTS, ...(command === "STOR" ? IN_STOR : [])].map(([effect, fault]) => ({
        name: `${command} ${occurrence}, ${effect}`,
        fault: { command, occurrence, ...fault },
      })),
    ),
  );

  test.concurrent.each(CASES)("with $name: nothing is believed that is not so, and all arrives at last", async ({
    fault,
  }) => {
    await using server = await embedded({ faults: [CALLS_ITSELF_VSFTPD, fault] });
    await using folder = openFolder(server, { connections: 1, account: { timeoutMs: 1000 } });
    const all = jobs(7);
    const results = await uploadInARow(folder.site, all);
    for (const [index, job] of all.entries()) {
      const result = results[index];
      if (!result || result instanceof Error) continue;
      expect(readFileSync(join(folder.disk, job.path), "utf8")).toBe(contentOf(job));
      expect(job.unsettled).toBeUndefined();
    }
    await untilAllAreThere(folder.site, all, results);
    for (const job of all) expect(readFileSync(join(folder.disk, job.path), "utf8")).toBe(contentOf(job));
    // What could not be settled has an intent that the next connection sweeps.
    const open = new Set(
      all.flatMap(({ intents, settledIds }) => intents.map(({ id }) => id).filter((id) => !settledIds.includes(id))),
    );
    const left = readdirSync(folder.disk).filter((name) => name.startsWith(".miroir-"));
    expect(left.filter((name) => !open.has(name.slice(".miroir-".length)))).toEqual([]);
    expect(folder.degraded.length).toBeLessThanOrEqual(1);
  });
});

describe("a server that only calls itself vsFTPd", () => {
  test.each([
    { name: "answers 425", fault: { command: "STOR", occurrence: 2, reply: 425 } },
    { name: "hangs up", fault: { command: "STOR", occurrence: 2, drop: "control", when: "before" } },
    { name: "forgets the command", fault: { command: "EPSV", occurrence: 2, withholdReply: true } },
  ] satisfies Array<{
    name: string;
    fault: Fault;
  }>)("and $name is asked later from then on, and that is said once", async ({ fault }) => {
    await using server = await embedded({ faults: [CALLS_ITSELF_VSFTPD, fault] });
    await using folder = openFolder(server, { connections: 1, account: { timeoutMs: 1000 } });
    const all = jobs(6);
    const results = await uploadInARow(folder.site, all);
    await untilAllAreThere(folder.site, all, results);
    expect(treeOf(folder.disk)).toEqual(all.map(({ path }) => path));
    expect(folder.degraded).toEqual([expect.stringContaining("still receiving another")]);
    const before = server.commands.length;
    await uploadInARow(folder.site, jobs(3));
    const verbs = verbsOf(server).slice(before);
    expect(verbs.join(" ")).not.toMatch(/STOR EPSV/);
  });

  for (const kind of REAL_SERVERS) {
    if (whyMissing(kind) !== undefined) continue;
    test(`but is ${kind}: all files arrive whole, nothing is left over`, async () => {
      const real = await startRealServer(kind, { tls: "off" });
      const inBetween = await renamed(real.port);
      try {
        await using folder = openFolder(
          { ...real, port: inBetween.port },
          { connections: 2, account: { timeoutMs: 4000 } },
        );
        const all = jobs(20);
        const results = await uploadInARow(folder.site, all);
        await untilAllAreThere(folder.site, all, results);
        for (const job of all) expect(readFileSync(join(folder.disk, job.path), "utf8")).toBe(contentOf(job));
        expect(treeOf(folder.disk)).toEqual(all.map(({ path }) => path).sort());
        if (kind === "vsftpd") expect(folder.degraded.join()).not.toContain("still receiving");
      } finally {
        await inBetween.stop();
        await real.stop();
      }
    }, 60_000);
  }
});

/** Passes control connections on, with another greeting. */
async function renamed(port: number): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    server.once("data", () => {
      client.write(`${VSFTPD}\r\n`);
      server.pipe(client);
    });
    client.pipe(server);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(listener),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
