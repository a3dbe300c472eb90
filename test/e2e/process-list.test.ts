import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { executable, startProgram } from "./program.ts";
import { createSandbox, siteUrl } from "./sandbox.ts";

const PASSWORD = "hunter 2 in the list";

describe.if(process.platform === "linux")("the password in the process list", () => {
  test.each([
    { name: "--password TEXT", place: (args: string[]) => [...args, "--password", PASSWORD, "--no-progress"] },
    { name: "--password=TEXT", place: (args: string[]) => [...args, `--password=${PASSWORD}`] },
    {
      name: "SITE",
      place: ([folder = "", site = "", ...more]: string[]) => [
        folder,
        site.replace("@", `:${encodeURIComponent(PASSWORD)}@`),
        ...more,
      ],
    },
  ])("given by $name is gone while a watch runs, works, and earns a warning", async ({ place }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ password: PASSWORD });
    sandbox.write("a.txt", "a");
    const watch = sandbox.start(["watch", ...place(sandbox.site(server))], sandbox.env(undefined));
    await sandbox.mirrored(server, watch);
    const shown = readFileSync(`/proc/${watch.pid}/cmdline`, "utf8");
    const listed = execFileSync("ps", ["-o", "args=", "-p", String(watch.pid)], { encoding: "utf8" });
    for (const text of [shown, listed, readFileSync(`/proc/${watch.pid}/comm`, "utf8")]) {
      expect(text).not.toContain("hunter");
    }
    expect(shown).toContain("***");
    // What is not secret is still there to tell one mirror from another.
    expect(shown.split("\0").slice(0, 3)).toContain(sandbox.folder);
    expect(listed).toContain(siteUrl(server).slice(siteUrl(server).indexOf("@")));
    expect(watch.stderr).toContain("can be read in the process list");
    expect(sandbox.records().filter(({ detail }) => detail?.includes("process list") === true)).toHaveLength(1);
  });

  test("is gone for an account without privileges too", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded({ password: PASSWORD });
    sandbox.write("a.txt", "a");
    const args = ["watch", ...sandbox.site(server), "--password", PASSWORD];
    const unprivileged = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
    const watch = startProgram([...unprivileged, executable(), ...args], {
      cwd: sandbox.root,
      env: sandbox.env(undefined),
    });
    try {
      await sandbox.mirrored(server, watch);
      expect(readFileSync(`/proc/${watch.pid}/cmdline`, "utf8")).not.toContain("hunter");
    } finally {
      watch.kill("SIGKILL");
      await watch.finished();
    }
  });
});
