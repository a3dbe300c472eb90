import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { lookInto } from "../../src/detect/quick-look.ts";
import { scan } from "../../src/detect/scan.ts";
import { createRandom } from "../simulation/random.ts";
import { createWalk, scanOptions, type Walk } from "./walk.ts";

let walk: Walk;

beforeEach(() => {
  walk = createWalk();
});

afterEach(() => walk.remove());

const anyFolder = () => true;

describe.skipIf(process.platform !== "linux")("lookInto()", () => {
  test("tells of each file what lstat tells, to the last bit", () => {
    const random = createRandom(1);
    const names = Array.from({ length: 300 }, (_, number) => `file-${number}`);
    names.push("é".repeat(127), "x".repeat(255), "🙂", " ", "a\nb", "\ufffd");
    for (const name of names) {
      writeFileSync(walk.at(name), name);
      const seconds = random.below(2 ** 32) - 2 ** 31 + random.below(1_000_000) / 1_000_003;
      utimesSync(walk.at(name), seconds, seconds);
    }
    writeFileSync(walk.at("large"), "");
    truncateSync(walk.at("large"), 5 * 2 ** 32 + 7);
    const look = lookInto(walk.path, anyFolder);
    for (const name of [...names, "large"]) {
      const { mtimeMs, size } = lstatSync(walk.at(name));
      expect([name, look?.isFile(name), look?.mtimeMs, look?.sizeBytes]).toEqual([name, true, mtimeMs, size]);
    }
    look?.close();
  });

  test("leaves all that is no regular file to others", () => {
    mkdirSync(walk.at("folder"));
    writeFileSync(walk.at("file"), "");
    symlinkSync("file", walk.at("link"));
    const look = lookInto(walk.path, anyFolder);
    const names = ["folder", "link", "missing", "", "x".repeat(2000), "file"];
    expect(names.filter((name) => look?.isFile(name))).toEqual(["file"]);
    look?.close();
  });

  test("looks into no other folder than the one that is meant, and through no link", () => {
    walk.fill(["folder/file"]);
    symlinkSync("folder", walk.at("link"));
    const { ino } = lstatSync(walk.at("folder"));
    expect(lookInto(walk.at("folder"), (stat) => stat.ino !== ino)).toBeUndefined();
    expect(lookInto(walk.at("link"), anyFolder)).toBeUndefined();
    expect(lookInto(walk.at("missing"), anyFolder)).toBeUndefined();
    const look = lookInto(walk.at("folder"), (stat) => stat.ino === ino);
    renameSync(walk.at("folder"), walk.at("moved"));
    walk.fill(["folder/other"]);
    expect([look?.isFile("file"), look?.isFile("other")]).toEqual([true, false]);
    look?.close();
  });
});

describe("scan() of many files", () => {
  test("comes to the same by whatever way each is looked at", async () => {
    const names = Array.from({ length: 400 }, (_, number) => `${number % 7}/file-${number}`);
    walk.fill([...names, "0/.miroir-1", "1/x.bak", "1/sub/deep/", "2/sub/deep/file"]);
    symlinkSync("file-0", walk.at("0/link"));
    writeFileSync(walk.at("3/a\nb"), "");
    const rules = { rules: ["*.bak"], depth: 2 };
    const quick = await scan(walk.path, scanOptions(rules));
    // Where links are followed every file is looked at in the general way; here only one leads anywhere.
    rmSync(walk.at("0/link"));
    const general = await scan(walk.path, scanOptions({ ...rules, follow: true }));
    expect(new Map(quick.files)).toEqual(new Map(general.files));
    expect(quick.folders).toEqual(general.folders);
    expect([...quick.skipped.keys()].filter((path) => path !== "0/link").sort()).toEqual(
      [...general.skipped.keys()].sort(),
    );
    expect([quick.files.size, quick.skipped.get("0/link")?.reason]).toEqual([400, "link"]);
  });
});
