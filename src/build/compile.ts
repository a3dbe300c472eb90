import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { countBadPages, signAdHoc } from "./mach-o.ts";
import type { Stamp } from "./stamp.ts";
import { TARGETS, type Target } from "./targets.ts";
import { type ProductInfo, withResources } from "./windows.ts";

export interface Compilation {
  /** The folder of the sources. */
  root: string;
  outfile: string;
  stamp: Stamp | undefined;
  product: ProductInfo;
  /** This system when absent. */
  target?: Target;
}

/** Makes one executable, whole or not at all. Throws when the bundler says anything, or the result is not sound. */
export async function compile(compilation: Compilation): Promise<void> {
  const { outfile, target } = compilation;
  mkdirSync(dirname(outfile), { recursive: true });
  rmSync(outfile, { force: true });
  if (target === undefined || !target.startsWith("windows-")) await bundle(compilation);
  else await bundleWithResources(compilation, target);
  if (target?.startsWith("darwin-") !== true) return;
  try {
    sign(outfile);
  } catch (error) {
    rmSync(outfile, { force: true });
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`The code signature of "${outfile}" is not sound: ${words}`, { cause: error });
  }
}

async function bundle({ root, outfile, stamp, target }: Compilation, executablePath?: string): Promise<void> {
  const result = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    root,
    format: "esm",
    bytecode: true,
    minify: true,
    sourcemap: "linked",
    ...(stamp && {
      define: { BUILD_COMMIT: JSON.stringify(stamp.commit), BUILD_DATE: JSON.stringify(stamp.date) },
    }),
    compile: {
      outfile,
      ...(target && { target: TARGETS[target] }),
      ...(executablePath !== undefined && { executablePath }),
      // The executable must not run what happens to lie in the folder it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  // A failed bytecode is a log entry beside success, and a broken executable.
  if (!result.success || result.logs.length > 0) throw new Error(`The build is not sound:\n${result.logs.join("\n")}`);
}

/** Bun itself sets icon and version only when it runs on Windows. */
async function bundleWithResources(compilation: Compilation, target: Target): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "miroir-build-"));
  try {
    const base = join(folder, "base.exe");
    writeFileSync(base, withResources(readFileSync(await runtimeFor(target, folder)), compilation.product));
    await bundle(compilation, base);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The executable of the runtime for another system, downloaded where it is not yet in Bun's own cache. */
async function runtimeFor(target: Target, folder: string): Promise<string> {
  const cache = (await Bun.$`${process.execPath} pm cache`.cwd(folder).env(process.env).quiet().text()).trim();
  const file = join(cache, `${TARGETS[target]}-v${Bun.version}`);
  if (existsSync(file)) return file;
  // Any program for that system makes Bun fetch it.
  const entry = join(folder, "any.ts");
  writeFileSync(entry, "");
  const compiled = { outfile: join(folder, "any.exe"), target: TARGETS[target] };
  const { success } = await Bun.build({ entrypoints: [entry], compile: compiled });
  if (success && existsSync(file)) return file;
  throw new Error(`Cannot find Bun's executable for ${target}: expected it at "${file}"`);
}

/** What Bun makes for Apple's processors is signed; the signature of the other one is that of Bun without a program. */
function sign(outfile: string): void {
  const file = readFileSync(outfile);
  const isSigned = (() => {
    try {
      return countBadPages(file) === 0;
    } catch {
      return false;
    }
  })();
  if (!isSigned) writeFileSync(outfile, signAdHoc(file, "miroir"));
  const bad = countBadPages(readFileSync(outfile));
  if (bad > 0) throw new Error(`${bad} pages have another hash`);
}
