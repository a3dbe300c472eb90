import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE_MS } from "../patience.ts";

const ROOT = join(import.meta.dir, "..", "..");
/** Longer than any program here takes, shorter than a test may. */

export interface Finished {
  /** 128 and the signal's number for one that a signal ended. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly pid: number;
  /** What it has said so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly hasEnded: boolean;
  kill(signal: NodeJS.Signals): void;
  /** Waits for its end. Kills it and throws when it takes longer than any test here should. */
  finished(): Promise<Finished>;
}

export interface Surroundings {
  cwd: string;
  env: Record<string, string>;
}

/**
 * The executable under test: dist/miroir, or what MIROIR_TEST_EXECUTABLE names.
 * Throws when it is missing or older than the sources.
 */
export function executable(): string {
  const given = process.env.MIROIR_TEST_EXECUTABLE;
  if (given !== undefined && given !== "") return given;
  const file = join(ROOT, "dist", process.platform === "win32" ? "miroir.exe" : "miroir");
  requireFresh(file, "bun build.ts");
  return file;
}

/** Throws when `file` is missing or older than the sources; `command` makes it. */
export function requireFresh(file: string, command: string): void {
  if (!existsSync(file)) throw new Error(`Cannot test "${file}": it does not exist. Run "${command}" first`);
  const builtMs = statSync(file).mtimeMs;
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  const newer = sources.find((name) => statSync(join(ROOT, "src", name)).mtimeMs > builtMs && name.endsWith(".ts"));
  if (newer !== undefined) {
    throw new Error(`Cannot test "${file}": it is older than "src/${newer}". Run "${command}" first`);
  }
}

/** Its input is empty, and no terminal. */
export function startProgram(command: string[], { cwd, env }: Surroundings): Running {
  const child = Bun.spawn(command, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  const reading = (["stdout", "stderr"] as const).map(async (name) => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) said[name] += decoder.decode(chunk, { stream: true });
  });

  return {
    pid: child.pid,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    kill: (signal) => child.kill(signal),
    async finished() {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill("SIGKILL");
      }, PATIENCE_MS);
      const code = await child.exited;
      await Promise.all(reading);
      clearTimeout(timer);
      if (isLate) throw new Error(`"${command.join(" ")}" did not end. It said: ${said.stdout}${said.stderr}`);
      return { code, ...said };
    },
  };
}
