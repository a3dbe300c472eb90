import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isWithout } from "../tools.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

const SITE = "ftpes://alice@example.org/my%20site";

const print = (sandbox: Sandbox, ...more: string[]) =>
  sandbox.run(["service", "install", "site", SITE, "--log", "a & b.log", "--password-file", "pw", "--print", ...more]);

function judged(command: string[], text: string): { exitCode: number; said: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: Buffer.from(text) });
  return { exitCode, said: stdout.toString() + stderr.toString() };
}

describe("service install --print", () => {
  test("shows a unit of systemd, with this program and absolute paths", async () => {
    await using sandbox = createSandbox();
    const { code, stdout, stderr } = await print(sandbox, "--platform", "systemd");
    expect(code).toBe(0);
    const log = `--log "${join(sandbox.root, "a & b.log")}"`;
    expect(stdout).toContain(` watch ${sandbox.folder} ftpes://alice@example.org/my%%20site `);
    expect(stdout).toContain(log);
    expect(stdout).toContain("\nRestartPreventExitStatus=2 4 6\n");
    expect(stderr).toContain("systemctl --user enable --now miroir-site-");
  });

  const schema = join(import.meta.dir, "..", "service", "task.xsd");
  test.skipIf(isWithout("xmllint")).each([{ more: [] }, { more: ["--every", "15m"] }])(
    "shows a task that is valid XML as it is printed: %j",
    async ({ more }) => {
      await using sandbox = createSandbox();
      const { code, stdout } = await print(sandbox, "--platform", "windows", ...more);
      expect(code).toBe(0);
      expect(judged(["xmllint", "--noout", "--schema", schema, "-"], stdout)).toMatchObject({ exitCode: 0 });
    },
  );

  test.skipIf(isWithout("python3"))("shows an agent of launchd as it is printed", async () => {
    await using sandbox = createSandbox();
    const { code, stdout } = await print(sandbox, "--platform", "launchd", "--every", "15m");
    expect(code).toBe(0);
    const script = "import plistlib, sys; print(plistlib.load(sys.stdin.buffer)['StartInterval'])";
    expect(judged(["python3", "-c", script], stdout)).toEqual({ exitCode: 0, said: "900\n" });
  });

  test("shows nothing of a password, and refuses to install one", async () => {
    await using sandbox = createSandbox();
    const args = ["service", "install", "site", SITE, "--log", "x.log", "--print"];
    for (const given of [["--password", "hunter2"], []]) {
      const env = sandbox.env(undefined, { MIROIR_PASSWORD: "hunter2" });
      const { code, stdout, stderr } = await sandbox.run([...args, ...given], env);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("--password-file");
      expect(stderr).not.toContain("hunter2");
    }
  });

  test("takes a profile by its name", async () => {
    await using sandbox = createSandbox();
    const config = join(sandbox.root, "config.toml");
    const profile = `[website]\nfolder = "site"\nsite = "${SITE}"\nlog = "web.log"\npassword-file = "pw"\n`;
    await Bun.write(config, profile);
    const args = ["service", "install", "--config", "config.toml", "--profile", "website", "--every", "1h", "--print"];
    const { code, stdout } = await sandbox.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain(`sync --config ${config} --profile website --quiet\n`);
    expect(stdout).toContain("(profile website)\n");
    expect(stdout).toContain("\nOnUnitActiveSec=3600\n");
  });
});
