import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchiveFile, tarGz, zip } from "../../src/build/archive.ts";
import { isWithout } from "../tools.ts";

const TIME_SECONDS = Date.UTC(2026, 10, 24, 19, 52, 22) / 1000;
const FILES: ArchiveFile[] = [
  { name: "miroir-x/miroir", content: Buffer.from("program ".repeat(1000)), isExecutable: true },
  { name: "miroir-x/LICENSE", content: Buffer.from("licence") },
  { name: "miroir-x/whole-block", content: Buffer.alloc(512, "b") },
];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-archive-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function unpack(archive: Uint8Array, ...command: string[]): void {
  writeFileSync(join(folder, "archive"), archive);
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder, env: { ...process.env, TZ: "UTC" } });
  expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
}

function expectFiles(): void {
  for (const { name, content } of FILES) expect(readFileSync(join(folder, name)).equals(content)).toBe(true);
}

describe("tarGz()", () => {
  test.skipIf(isWithout("tar"))("is unpacked by tar, with times and the executable bit", () => {
    unpack(tarGz(FILES, TIME_SECONDS), "tar", "-xpzf", "archive");
    expectFiles();
    const modes = FILES.map(({ name }) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o644, 0o644]);
    expect(statSync(join(folder, "miroir-x/miroir")).mtimeMs).toBe(TIME_SECONDS * 1000);
  });
});

describe("zip()", () => {
  test.skipIf(isWithout("python3"))("is unpacked by a program of others, which checks its sums", () => {
    const script = `
import zipfile, sys
with zipfile.ZipFile("archive") as z:
    assert z.testzip() is None
    assert [i.date_time for i in z.infolist()] == [(2026, 11, 24, 19, 52, 22)] * 3, z.infolist()
    assert [oct(i.external_attr >> 16) for i in z.infolist()] == ["0o100755", "0o100644", "0o100644"]
    z.extractall(".")
`;
    unpack(zip(FILES, TIME_SECONDS), "python3", "-c", script);
    expectFiles();
  });
});

test.each([
  { name: "tarGz()", make: tarGz },
  { name: "zip()", make: zip },
])("$name gives the same bytes for the same files, and packs them", ({ make }) => {
  const first = make(FILES, TIME_SECONDS);
  expect(make(FILES, TIME_SECONDS)).toEqual(first);
  expect(first.length).toBeLessThan(1500);
});
