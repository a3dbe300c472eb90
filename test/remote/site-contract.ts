import { afterAll, beforeAll, describe } from "bun:test";
import { appendFileSync } from "node:fs";
import type { TestServer } from "../servers/server.ts";
import { testListings } from "./contract-listings.ts";
import { testNames } from "./contract-names.ts";
import { testOperations } from "./contract-operations.ts";
import { testReading } from "./contract-reading.ts";
import { testRecovery } from "./contract-recovery.ts";
import { testRows } from "./contract-rows.ts";
import { testUploads } from "./contract-uploads.ts";

/** What every case of the suite is given: the one server of its combination. */
export type RunningServer = () => TestServer;

/** The one suite that `Site` passes on every server. Each server is started once, each case has a folder of its own. */
export function describeSite(name: string, start: () => Promise<TestServer>): void {
  describe(`Site on ${name}`, () => {
    let server: TestServer | undefined;
    const running: RunningServer = () => {
      if (!server) throw new Error(`"${name}" was not started`);
      return server;
    };

    beforeAll(async () => {
      server = await start();
    });
    afterAll(async () => {
      const { MIROIR_COMBINATIONS_FILE: file } = process.env;
      if (file && server) appendFileSync(file, `site ${server.kind} ${server.tls}\n`);
      await server?.stop();
    });

    testListings(running);
    testReading(running);
    testUploads(running, "upload");
    testUploads(running, "uploads");
    testRows(running);
    testNames(running);
    testOperations(running);
    testRecovery(running);
  });
}
