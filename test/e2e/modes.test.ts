import { describe, expect, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";

/** As it is shown by `ls`, in octal. */
const MODES = { "run.cgi": "755", "secret.txt": "640", "page.html": "604" };

describe("a file that replaces another keeps its permissions", () => {
  test.each(["embedded", "proftpd", "pure-ftpd"] as const)("on %s", async (kind) => {
    await using sandbox = createSandbox();
    const server = kind === "embedded" ? await sandbox.embedded() : await sandbox.real(kind, "explicit");
    const place = (name: string) => join(remoteOf(server), name);
    for (const round of ["first", "second, and longer"]) {
      for (const name of Object.keys(MODES)) sandbox.write(name, `${name}, ${round}`);
      expect((await sandbox.sync(server)).code).toBe(0);
      expect(sandbox.unequal(server)).toEqual([]);
      if (round === "first")
        for (const [name, mode] of Object.entries(MODES)) chmodSync(place(name), Number(`0o${mode}`));
    }
    const modes = Object.keys(MODES).map((name) => [name, (statSync(place(name)).mode & 0o777).toString(8)]);
    expect(Object.fromEntries(modes)).toEqual(MODES);
  });
});
