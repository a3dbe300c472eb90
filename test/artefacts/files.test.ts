import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { ICON_SIZES } from "../../src/build/icon.ts";
import { countBadPages } from "../../src/build/mach-o.ts";
import { TARGET_NAMES } from "../../src/build/targets.ts";
import { builtArchive, builtExecutable, DIST } from "./artefacts.ts";

function output(command: string[], encoding: "text" | "bytes" = "text"): string | Buffer {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { maxBuffer: 2 ** 28 });
  expect({ command, exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: 0 });
  return encoding === "text" ? stdout.toString() : stdout;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("dist", () => {
  test("has an executable, its source map and an archive for each target", () => {
    for (const target of TARGET_NAMES) {
      const executable = builtExecutable(target);
      expect(existsSync(executable.replace(/(?:\.exe)?$/, ".map"))).toBe(true);
      builtArchive(target);
    }
  });

  test("has the sums of all that is downloaded, as sha256sum checks them", () => {
    const lines = readFileSync(join(DIST, "SHA256SUMS"), "utf8").trimEnd().split("\n");
    const summed = lines.map((line) => /^[0-9a-f]{64} {2}([\w.-]+)$/.exec(line)?.[1] ?? line);
    const downloads = readdirSync(DIST).filter((name) => /^miroir-|^THIRD/.test(name) && !name.endsWith(".map"));
    expect(summed).toEqual(downloads.sort());
    for (const line of lines) expect(`${sha256(readFileSync(join(DIST, line.slice(66))))}${line.slice(64)}`).toBe(line);
  });

  test("has archives that unpack to the executable, ready to run, and the licences", () => {
    for (const target of TARGET_NAMES) {
      const archive = builtArchive(target);
      const isZip = archive.endsWith(".zip");
      const program = `miroir-${target}/miroir${isZip ? ".exe" : ""}`;
      const [list, extract] = isZip
        ? [
            ["unzip", "-Z", archive],
            ["unzip", "-p", archive, program],
          ]
        : [
            ["tar", "-tvzf", archive],
            ["tar", "-xOzf", archive, program],
          ];
      const listed = String(output(list));
      expect(listed).toMatch(new RegExp(`^-rwxr-xr-x.* ${RegExp.escape(program)}$`, "m"));
      for (const name of ["LICENSE", "THIRD-PARTY-LICENSES.txt"])
        expect(listed).toContain(` miroir-${target}/${name}\n`);
      const unpacked = output(extract, "bytes") as Buffer;
      expect(sha256(unpacked)).toBe(sha256(readFileSync(builtExecutable(target))));
    }
  });

  test("holds nothing of the machine that built it", () => {
    const telling = TARGET_NAMES.filter((target) => readFileSync(builtExecutable(target)).includes(join(DIST, "..")));
    expect(telling).toEqual([]);
  });
});

describe("the macOS executables", () => {
  test.each(["darwin-x64", "darwin-arm64"] as const)("%s has the right hash for each of its pages", (target) => {
    expect(countBadPages(readFileSync(builtExecutable(target)))).toBe(0);
  });
});

describe("the Windows executable", () => {
  test("tells its version, and has an icon of each size", () => {
    const { NtExecutable, NtExecutableResource, Resource } = createRequire(import.meta.url)("resedit");
    const file = NtExecutable.from(readFileSync(builtExecutable("windows-x64")), { ignoreCert: true });
    // It reads no file with a section behind the resources, which is where Bun puts the program.
    const sections = file.getAllSections().filter(({ info }: { info: { name: string } }) => info.name !== ".bun");
    const { entries } = NtExecutableResource.from({
      getAllSections: () => sections,
      getSectionByEntry: (entry: number) => file.getSectionByEntry(entry),
    });
    const [info, ...others] = Resource.VersionInfo.fromEntries(entries);
    expect(others).toEqual([]);
    const values = info.getStringValues({ lang: 0x409, codepage: 1200 });
    expect(values).toMatchObject({
      ProductName: "miroir",
      FileDescription: packageJson.description,
      OriginalFilename: "miroir.exe",
      FileVersion: packageJson.version,
    });
    expect(values.ProductVersion).toMatch(/^\d+\.\d+\.\d+ \([0-9a-f]{12}\+?, \d{4}-\d\d-\d\d\)$/);
    const groups = Resource.IconGroupEntry.fromEntries(entries);
    expect(groups).toHaveLength(1);
    // A group writes 256 as 0.
    const sizes = groups[0].icons.map(({ width }: { width: number }) => width || 256);
    expect(sizes).toEqual(ICON_SIZES);
  });
});

describe("the Linux executables", () => {
  test.each([
    { target: "linux-x64", needs: ["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"] },
    {
      target: "linux-arm64",
      needs: ["ld-linux-aarch64.so.1", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"],
    },
    { target: "linux-x64-musl", needs: ["libc.musl-x86_64.so.1", "libstdc++.so.6"] },
  ] as const)("$target needs the C library only; on musl the C++ library too", ({ target, needs }) => {
    const listed = String(output(["readelf", "--dynamic", "--wide", builtExecutable(target)]));
    const found = [...listed.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name);
    expect(found.sort()).toEqual([...needs]);
  });
});
