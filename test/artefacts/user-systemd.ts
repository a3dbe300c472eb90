import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Finished, type Running, startProgram } from "../e2e/program.ts";
import { waitFor } from "../e2e/wait.ts";

/** A systemd of one account, as it begins at log-on. */
export interface UserSystemd extends AsyncDisposable {
  /** Runs a program of that account, where its systemd can be reached. */
  run(...command: string[]): Promise<Finished>;
  /** What the manager says of a unit, as `systemctl show`. */
  show(unit: string, property: string): Promise<string>;
}

/**
 * Starts the real manager, as root, on a machine that need not have been booted with systemd: it looks for
 * /run/systemd/system, which it finds in a mount namespace of its own. All it starts ends with it.
 */
export async function startUserSystemd(home: string): Promise<UserSystemd> {
  const runtime = join(home, "runtime");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const env = { PATH: process.env.PATH ?? "", HOME: home, XDG_RUNTIME_DIR: runtime, USER: "root" };
  const begin =
    "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user --log-target=console";
  const isolated = ["unshare", "--mount", "--propagation", "private"];
  const manager: Running = startProgram([...isolated, "sh", "-c", begin], { cwd: home, env });
  const inside = ["nsenter", `--mount=/proc/${manager.pid}/ns/mnt`, `--wd=${home}`, "--"];
  const run = (...command: string[]) => startProgram([...inside, ...command], { cwd: home, env }).finished();
  const systemctl = (...args: string[]) => run("systemctl", "--user", ...args);

  let state = "";
  await waitFor(
    "the systemd of the account",
    async () => {
      state = (await systemctl("is-system-running")).stdout.trim();
      return manager.hasEnded || ["running", "degraded"].includes(state);
    },
    { state: () => `${state}. It said: ${manager.stderr}` },
  );
  return {
    run,
    show: async (unit, property) => (await systemctl("show", unit, `--property=${property}`, "--value")).stdout.trim(),
    async [Symbol.asyncDispose]() {
      await systemctl("exit");
      await manager.finished();
    },
  };
}
