import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const SOURCES = join(import.meta.dir, "..", "src", "main.ts");
/** A stop gives what is under way 5 s. */
const STOP_MS = 8000;

export interface Watch {
  /** Set once it has ended. */
  readonly exitCode: number | null;
  /** Asks it to end and waits until it has: its exit code. */
  stop(): Promise<number>;
}

/** Runs `miroir watch` from the sources. `onLine` gets every line of its log, and what it says on stderr. */
export function startWatch(
  folder: string,
  siteUrl: string,
  { password, stateFolder, onLine }: { password: string; stateFolder: string; onLine: (line: string) => void },
): Watch {
  const settings = ["--interval", "500ms", "--tls", "off", "--log", "-", "--quiet", "--state-dir", stateFolder];
  const child = Bun.spawn([process.execPath, SOURCES, "watch", folder, siteUrl, ...settings], {
    env: { ...withoutSettings(process.env), MIROIR_PASSWORD: password },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C comes to the demo alone: a second signal would make miroir drop what it is doing.
    detached: process.platform !== "win32",
  });
  const read = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: Readable.fromWeb(stream as never) })) onLine(line);
  });

  return {
    get exitCode() {
      return child.exitCode;
    },
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      const code = await child.exited;
      clearTimeout(timer);
      await Promise.all(read);
      return code;
    },
  };
}

/** The demo shows the defaults, whatever this machine has set. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.toUpperCase().startsWith("MIROIR_")));
}
