import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "./wait.ts";

/** A disk of its own, in memory, that only the processes started with its prefix see at its place. */
export interface SmallDisk extends AsyncDisposable {
  /** Where those processes see it. */
  readonly path: string;
  /** Where everybody else finds what it holds. */
  readonly outside: string;
  /** Words to put before a command that shall see it. */
  readonly prefix: string[];
  resize(bytes: number): void;
  /** Leaves no byte free. */
  fill(): void;
}

/** Why there can be none on this machine; undefined when there can. */
export function whyNoSmallDisk(): string | undefined {
  const tried = spawnSync("unshare", ["--mount", "true"], { encoding: "utf8" });
  return tried.status === 0 ? undefined : `"unshare --mount" failed: ${tried.stderr ?? tried.error?.message}`;
}

export async function mountSmallDisk(path: string, bytes: number): Promise<SmallDisk> {
  mkdirSync(path, { recursive: true });
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo mounted && exec sleep 600';
  const holder = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", script, "sh", String(bytes), path],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let said = "";
  holder.stdout.on("data", (data) => {
    said += String(data);
  });
  const ended = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
  await waitFor("the small disk", () => said.includes("mounted"));
  const prefix = ["nsenter", `--mount=/proc/${holder.pid}/ns/mnt`];
  const inside = (...command: string[]) => {
    const [program = "", ...args] = [...prefix, ...command];
    const run = spawnSync(program, args, { encoding: "utf8" });
    if (run.status !== 0) throw new Error(`"${command.join(" ")}" failed: ${run.stderr}`);
  };
  const outside = `/proc/${holder.pid}/root${path}`;
  return {
    path,
    outside,
    prefix,
    resize: (size) => inside("mount", "-o", `remount,size=${size}`, path),
    fill() {
      for (let part = 4096, name = 0; ; name++) {
        try {
          writeFileSync(join(outside, `filler-${name}`), Buffer.alloc(part));
        } catch {
          return;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      holder.kill("SIGKILL");
      await ended;
    },
  };
}
