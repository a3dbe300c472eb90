import { describe, expect, test } from "bun:test";
import { inflateSync } from "node:zlib";
import packageJson from "../../package.json" with { type: "json" };
import { ICON_SIZES, iconPng } from "../../src/build/icon.ts";
import { thirdPartyLicences } from "../../src/build/licences.ts";
import { parseStamp } from "../../src/build/stamp.ts";
import { archiveName, executableName, TARGET_NAMES } from "../../src/build/targets.ts";
import { ROOT } from "../docs/document.ts";

describe("parseStamp()", () => {
  test.each([
    { name: "a clean tree", shown: "1c9f2a7b03de 1795550000\n", changes: "", want: "1c9f2a7b03de" },
    { name: "a changed tree", shown: "1c9f2a7b03de 1795550000\n", changes: " M src/main.ts\n", want: "1c9f2a7b03de+" },
    { name: "no commit yet", shown: "", changes: "", want: undefined },
  ])("of $name", ({ shown, changes, want }) => {
    expect(parseStamp(shown, changes)?.commit).toBe(want as string);
  });

  test("has the commit's date in UTC", () => {
    expect(parseStamp("1c9f2a7b03de 1795550399", "")).toEqual({
      commit: "1c9f2a7b03de",
      date: "2026-11-24",
      epochSeconds: 1_795_550_399,
    });
  });
});

describe("names of files", () => {
  test("are those that people download", () => {
    expect(TARGET_NAMES.map((target) => [executableName(target, "linux"), archiveName(target)])).toEqual([
      ["miroir-linux-x64", "miroir-linux-x64.tar.gz"],
      ["miroir-linux-arm64", "miroir-linux-arm64.tar.gz"],
      ["miroir-linux-x64-musl", "miroir-linux-x64-musl.tar.gz"],
      ["miroir-windows-x64.exe", "miroir-windows-x64.zip"],
      ["miroir-darwin-x64", "miroir-darwin-x64.tar.gz"],
      ["miroir-darwin-arm64", "miroir-darwin-arm64.tar.gz"],
    ]);
    expect([executableName(undefined, "linux"), executableName(undefined, "win32")]).toEqual(["miroir", "miroir.exe"]);
  });
});

describe("thirdPartyLicences()", () => {
  const text = thirdPartyLicences(ROOT, Bun.version);

  test("has each package that the program runs with, and the runtime", () => {
    for (const [name, version] of Object.entries(packageJson.dependencies))
      expect(text).toContain(`${name} ${version}`);
    expect(text.match(/Permission is hereby granted/g)?.length).toBeGreaterThanOrEqual(4);
    expect(text).toContain(`Bun ${Bun.version} (MIT)`);
    expect(text).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
    for (const name of Object.keys(packageJson.devDependencies).filter((each) => each !== "bun")) {
      expect(text).not.toContain(`\n${name} `);
    }
  });

  test("is the same each time", () => {
    expect(thirdPartyLicences(ROOT, Bun.version)).toBe(text);
  });
});

describe("iconPng()", () => {
  test.each(ICON_SIZES)("draws %d pixels: clear corners, blue at the mirror, light and dark sail", (size) => {
    const png = Buffer.from(iconPng(size));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
    const dataAt = 8 + 25;
    expect(png.toString("latin1", dataAt + 4, dataAt + 8)).toBe("IDAT");
    const rows = inflateSync(png.subarray(dataAt + 8, dataAt + 8 + png.readUInt32BE(dataAt)));
    const pixel = (across: number, down: number) => {
      const at = Math.floor(down * size) * (1 + 4 * size) + 1 + 4 * Math.floor(across * size);
      return [...rows.subarray(at, at + 4)];
    };
    expect(pixel(0, 0)[3]).toBeLessThan(128);
    expect(pixel(0.5, 0.9)).toEqual([38, 92, 160, 255]);
    expect(pixel(0.4, 0.6)).toEqual([255, 255, 255, 255]);
    expect(pixel(0.6, 0.6)).toEqual([160, 196, 236, 255]);
  });
});
