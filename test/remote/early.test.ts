import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Fault } from "../servers/embedded.ts";
import { REAL_SERVERS, startRealServer, whyMissing } from "../servers/real.ts";
import { jobOf, openFolder, treeOf, uploadInARow } from "./remote-folder.ts";
import { portOf, until } from "./scripted-server.ts";
import { embedded } from "./started-server.ts";

const KIB = 1024;

/** Passes a control connection on, but for each 150, which comes when the server holds all bytes of its file. */
async function startWithholder(port: number, isWhole: () => boolean) {
  const sockets = new Set<Socket>();
  let withheld = 0;
  const listener = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {}).on("close", () => client.destroy());
    }
    client.pipe(server);
    let passing = Promise.resolve();
    server.on("data", (bytes) => {
      const isStart = bytes.toString().startsWith("150");
      if (isStart) withheld++;
      passing = passing.then(async () => {
        if (isStart) await until(isWhole);
        client.write(bytes);
      });
      passing.catch(() => client.destroy());
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(listener),
    withheld: () => withheld,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

describe("a small file in clear", () => {
  for (const kind of REAL_SERVERS) {
    test.skipIf(whyMissing(kind) !== undefined).each([
      { name: "prepared", isPrepared: true, sizeBytes: 20 * KIB },
      { name: "not prepared", isPrepared: false, sizeBytes: 64 * KIB },
    ])(
      `goes out before ${kind} asks for it, $name, and arrives whole`,
      async ({ isPrepared, sizeBytes }) => {
        const real = await startRealServer(kind, { tls: "off" });
        let disk = "";
        const sizes = () => readdirSync(disk).map((name) => statSync(join(disk, name)).size);
        const between = await startWithholder(real.port, () => sizes().includes(sizeBytes));
        try {
          const account = { timeoutMs: 5000 };
          await using folder = openFolder({ ...real, port: between.port }, { connections: 1, account });
          disk = folder.disk;
          await folder.site.open(true);
          if (isPrepared) await folder.site.prepare();
          const content = randomBytes(sizeBytes);
          const results = await uploadInARow(folder.site, [jobOf("file", content)]);
          expect(results).toMatchObject([{ dated: true, sizeBytes }]);
          expect(readFileSync(join(disk, "file")).equals(content)).toBe(true);
          expect(between.withheld()).toBe(1);
        } finally {
          await between.stop();
          await real.stop();
        }
      },
      60_000,
    );
  }

  const CALLS_ITSELF_PROFTPD: Fault = { command: "GREETING", reply: "220 ProFTPD Server", times: 100 };

  test.each([
    { name: "by the words of a server that keeps it", faults: [CALLS_ITSELF_PROFTPD], isTold: true },
    { name: "by no word of its own", faults: [], isTold: false },
  ])("arrives at last on one that loses early bytes, known $name", async ({ faults, isTold }) => {
    await using server = await embedded({ faults, losesEarlyBytes: true });
    await using folder = openFolder(server, { connections: 2 });
    await folder.site.open(true);
    const jobs = ["a", "b", "c", "empty"].map((path) => jobOf(path, path === "empty" ? "" : `content of ${path}`));
    const results = await uploadInARow(folder.site, jobs);
    const left = jobs.filter((_, index) => results[index] instanceof Error);
    // The first one shows it, and no other is tried so.
    expect(results.filter((result) => result instanceof Error)).toMatchObject(isTold ? [{ reason: "size" }] : []);
    expect(await uploadInARow(folder.site, left)).toMatchObject(left.map(() => ({ dated: true })));
    for (const { path } of jobs) {
      expect(readFileSync(join(folder.disk, path), "utf8")).toBe(path === "empty" ? "" : `content of ${path}`);
    }
    expect(treeOf(folder.disk)).toEqual(["a", "b", "c", "empty"]);
    expect(folder.degraded).toEqual(isTold ? [expect.stringContaining("its 150 is awaited")] : []);
  });

  test("is refused as ever: nothing is left, and early bytes are not to blame", async () => {
    for (const kind of REAL_SERVERS) {
      if (whyMissing(kind) !== undefined) continue;
      const real = await startRealServer(kind, { tls: "off" });
      await using folder = openFolder(real, { connections: 1 });
      await folder.site.open(true);
      const row = [jobOf("a", "1"), jobOf("gone/b", "2"), jobOf("n".repeat(300), "3"), jobOf("c", "4")];
      const results = await uploadInARow(folder.site, row);
      expect(results).toMatchObject([{ dated: true }, { reason: "missing" }, { reason: "refused" }, { dated: true }]);
      expect(treeOf(folder.disk)).toEqual(["a", "c", "gone/"]);
      expect(folder.degraded.join()).not.toContain("150");
      await real.stop();
    }
  }, 60_000);
});
