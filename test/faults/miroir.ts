import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PATIENCE_MS } from "../patience.ts";

const ROOT = join(import.meta.dir, "..", "..");

export interface Ended {
  /** -1 when it was killed. */
  exitCode: number;
  stderr: string;
  ms: number;
}

let bundle: Promise<string> | undefined;

/** For `afterAll`: the next start makes it anew. */
export async function removeProgram(): Promise<void> {
  const file = await bundle;
  bundle = undefined;
  if (file !== undefined) rmSync(dirname(file), { recursive: true, force: true });
}

/**
 * What is started: the executable that MIROIR_EXECUTABLE names, else the sources as one file, made once for a test file,
 * as starting that costs a fraction of reading them all.
 */
function program(): Promise<string[]> {
  const executable = process.env.MIROIR_EXECUTABLE;
  if (executable) return Promise.resolve([executable]);
  bundle ??= makeBundle();
  return bundle.then((file) => [process.execPath, file]);
}

async function makeBundle(): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), "miroir-bundle-"));
  const built = await Bun.build({
    entrypoints: [join(ROOT, "src", "main.ts")],
    target: "bun",
    minify: true,
    outdir,
  });
  const file = built.outputs[0]?.path;
  if (!built.success || file === undefined) throw new Error(`Cannot bundle the program: ${built.logs.join("\n")}`);
  return file;
}

/** As a user whom file modes bind: root's ways around them are taken away. */
function unprivileged(): string[] {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return [];
  return ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];
}

export interface Started {
  /** On the spot: no chance to clean up. */
  kill(): void;
  /** Rejects when the run does not end in a minute. */
  ended: Promise<Ended>;
}

export async function startMiroir(args: string[]): Promise<Started> {
  const command = [...unprivileged(), ...(await program())];
  const startedAt = performance.now();
  const child = Bun.spawn([...command, ...args], {
    env: { PATH: process.env.PATH, MIROIR_PASSWORD: "secret", HOME: "/nonexistent" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let isHanging = false;
  const timer = setTimeout(() => {
    isHanging = true;
    child.kill("SIGKILL");
  }, PATIENCE_MS);
  const ended = (async () => {
    const stderr = await new Response(child.stderr).text();
    await child.exited;
    clearTimeout(timer);
    if (isHanging) throw new Error(`miroir ${args.join(" ")} hung for ${PATIENCE_MS / 1000} s: ${stderr}`);
    return { exitCode: child.exitCode ?? -1, stderr, ms: performance.now() - startedAt };
  })();
  return { kill: () => child.kill("SIGKILL"), ended };
}
