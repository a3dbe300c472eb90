/**
 * Compiles the executable.
 *
 *   bun build.ts                       dist/miroir, for this system
 *   bun build.ts --target windows-x64  dist/miroir-windows-x64.exe
 *   bun build.ts --all                 every target, archives to download, licences, and SHA256SUMS of them
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "./package.json" with { type: "json" };
import { type ArchiveFile, tarGz, zip } from "./src/build/archive.ts";
import { compile } from "./src/build/compile.ts";
import { thirdPartyLicences } from "./src/build/licences.ts";
import { readStamp, type Stamp } from "./src/build/stamp.ts";
import { archiveName, executableName, isTarget, TARGET_NAMES, type Target } from "./src/build/targets.ts";

const root = import.meta.dir;
const dist = join(root, "dist");
const LICENCES = "THIRD-PARTY-LICENSES.txt";
const SUMS = "SHA256SUMS";

async function buildOne(target: Target | undefined, stamp: Stamp | undefined): Promise<string> {
  const outfile = join(dist, executableName(target, process.platform));
  const { version, description } = packageJson;
  const fullVersion = stamp === undefined ? version : `${version} (${stamp.commit}, ${stamp.date})`;
  await compile({ root, outfile, stamp, product: { version, description, fullVersion }, ...(target && { target }) });
  process.stdout.write(`${outfile}\n`);
  return outfile;
}

/** The executable by its plain name, in a folder of its own, beside the licences. */
function pack(target: Target, executable: string, licences: string, stamp: Stamp | undefined): string {
  const folder = `miroir-${target}`;
  const isWindows = target.startsWith("windows-");
  const files: ArchiveFile[] = [
    {
      name: `${folder}/${isWindows ? "miroir.exe" : "miroir"}`,
      content: readFileSync(executable),
      isExecutable: true,
    },
    { name: `${folder}/LICENSE`, content: readFileSync(join(root, "LICENSE")) },
    { name: `${folder}/${LICENCES}`, content: Buffer.from(licences) },
  ];
  const file = join(dist, archiveName(target));
  writeFileSync(file, (isWindows ? zip : tarGz)(files, stamp?.epochSeconds ?? 0));
  return file;
}

async function buildAll(stamp: Stamp | undefined): Promise<void> {
  mkdirSync(dist, { recursive: true });
  // Not dist/miroir, which is built apart.
  for (const name of readdirSync(dist).filter(isForDownload)) rmSync(join(dist, name));
  const licences = thirdPartyLicences(root, Bun.version);
  writeFileSync(join(dist, LICENCES), licences);
  for (const target of TARGET_NAMES) {
    const archive = pack(target, await buildOne(target, stamp), licences, stamp);
    process.stdout.write(`${archive}\n`);
  }
  const names = readdirSync(dist).filter((name) => isForDownload(name) && !name.endsWith(".map"));
  const sums = names.sort().map((name) => `${sha256(join(dist, name))}  ${name}\n`);
  writeFileSync(join(dist, SUMS), sums.join(""));
  process.stdout.write(`${join(dist, SUMS)}\n`);
}

function isForDownload(name: string): boolean {
  return name.startsWith("miroir-") || name === LICENCES;
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

const { values } = parseArgs({ options: { target: { type: "string" }, all: { type: "boolean" } } });
if (values.all === true && values.target !== undefined) throw new Error('Give "--all" or "--target", not both');
if (values.target !== undefined && !isTarget(values.target)) {
  throw new Error(`Cannot build for "${values.target}": expected one of ${TARGET_NAMES.join(", ")}`);
}
const stamp = await readStamp(root);
if (stamp === undefined) process.stderr.write("There is no git here: commit and date are left out of the version\n");
if (values.all === true) await buildAll(stamp);
else await buildOne(values.target, stamp);
