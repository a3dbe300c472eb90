import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox } from "./sandbox.ts";

const SIZE_BYTES = 200_000_000;
const CUTS_AFTER_BYTES = [60_000_000, 50_000_000, 40_000_000];

test("sync of 200 MB, cut three times, resumes each time, and the bytes are equal", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  const bytes = Buffer.alloc(SIZE_BYTES);
  for (let at = 0; at < SIZE_BYTES; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  sandbox.write("film.bin", bytes);
  for (const [index, afterBytes] of CUTS_AFTER_BYTES.entries()) {
    const moment = index === 0 ? { command: "STOR" } : { command: "APPE", occurrence: index };
    server.inject({ ...moment, drop: "both", when: "during", afterBytes });
  }

  expect((await sandbox.sync(server, "--connections", "1")).code).toBe(0);

  const sha1 = (file: string) => createHash("sha1").update(readFileSync(file)).digest("hex");
  expect(sha1(join(server.root, "www", "film.bin"))).toBe(sha1(join(sandbox.folder, "film.bin")));
  expect(server.transfers.map(({ command }) => command)).toEqual(["STOR", "APPE", "APPE", "APPE"]);
  const sent = server.transfers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  // What was on its way when the line was cut is sent again, and nothing else.
  expect(sent).toBeLessThan(SIZE_BYTES * 1.3);
}, 120_000);
