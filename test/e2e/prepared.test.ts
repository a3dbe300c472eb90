import { describe, expect, test } from "bun:test";
import type { EmbeddedServer } from "../servers/embedded.ts";
import type { Running } from "./program.ts";
import { eventsOf } from "./records.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { waitFor } from "./wait.ts";

const verbs = (server: EmbeddedServer) => server.commands.map(({ text }) => text.split(" ", 1)[0] ?? "");
const count = (server: EmbeddedServer, verb: string) => verbs(server).filter((each) => each === verb).length;

/** Waits until the first pass is told. */
async function begun(sandbox: Sandbox, watch: Running): Promise<void> {
  const isTold = () => eventsOf(sandbox.records()).includes("pass");
  await waitFor("the first pass", () => watch.hasEnded || isTold(), { state: () => watch.stderr });
}

describe.skipIf(process.platform === "win32")("a watch that has prepared an upload", () => {
  test("ends at once at a signal, and leaves no session and nothing half done", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = sandbox.watch(server, "--interval", "3s");
    await begun(sandbox, watch);
    const ports = count(server, "EPSV");
    sandbox.write("index.html", "the second index");
    await waitFor("a port", () => watch.hasEnded || count(server, "EPSV") > ports);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    await waitFor("the end of the sessions", () => server.sessionsOpen === 0);
    // The next one has not forgotten what this one did not come to.
    expect((await sandbox.sync(server)).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("asks for the remote folder once for each pass, also where its own log lies in FOLDER and grows", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const log = sandbox.path("miroir.log");
    const watch = sandbox.watch(server, "--interval", "100ms", "--debug", "--log", log);
    await waitFor("the first pass", () => watch.hasEnded || count(server, "RNTO") > 0);
    // Time enough for what the log of the first pass could lead to.
    await Bun.sleep(1000);
    const before = server.commands.length;
    for (const name of ["a", "b", "c"]) {
      const renames = count(server, "RNTO");
      sandbox.write(`${name}.html`, name);
      await waitFor(name, () => watch.hasEnded || count(server, "RNTO") > renames);
      await Bun.sleep(300);
    }
    const since = server.commands.slice(before).map(({ text }) => text);
    const times = (command: string) => since.filter((text) => text === command).length;
    // Three, and one more for each save that was seen half done.
    expect(times("MLST /www")).toBeWithin(3, 6);
    expect(times("EPSV")).toBeWithin(3, 6);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
  });
});
