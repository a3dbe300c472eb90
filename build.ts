/**
 * Compiles the executable: `bun build.ts` for this system, `bun build.ts --target windows-x64` for another.
 * The result is dist/miroir for this system, dist/miroir-<target> for another, with `.exe` on Windows.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const TARGETS = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "windows-x64": "bun-windows-x64",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
} as const;

type Target = keyof typeof TARGETS;

const isTarget = (name: string): name is Target => Object.hasOwn(TARGETS, name);

function fileOf(target: Target | undefined): string {
  const isWindows = target?.startsWith("windows") ?? process.platform === "win32";
  const host = isWindows ? "miroir.exe" : "miroir";
  // The Windows one keeps its plain name: there is no other file of that name beside it.
  return target === undefined || target === "windows-x64" ? host : `miroir-${target}`;
}

async function build(target: Target | undefined): Promise<string> {
  const outfile = join(import.meta.dir, "dist", fileOf(target));
  mkdirSync(join(import.meta.dir, "dist"), { recursive: true });
  rmSync(outfile, { force: true });
  const result = await Bun.build({
    entrypoints: [join(import.meta.dir, "src", "main.ts")],
    format: "esm",
    bytecode: true,
    minify: true,
    sourcemap: "linked",
    compile: {
      outfile,
      ...(target && { target: TARGETS[target] }),
      // The executable must not run what happens to lie in the folder it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  // A failed bytecode is a log entry beside success, and a broken executable.
  if (!result.success || result.logs.length > 0) throw new Error(`The build is not sound:\n${result.logs.join("\n")}`);
  return outfile;
}

const { values } = parseArgs({ options: { target: { type: "string" } } });
if (values.target !== undefined && !isTarget(values.target)) {
  throw new Error(`Cannot build for "${values.target}": expected one of ${Object.keys(TARGETS).join(", ")}`);
}
process.stdout.write(`${await build(values.target)}\n`);
