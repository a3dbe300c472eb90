import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../src/options/usage-error.ts";
import { writeSetup } from "../../src/setup/setup-files.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "miroir-setup-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (...names: string[]) => join(root, ...names);
const modeOf = (file: string) => statSync(file).mode & 0o777;

function setup({ replaces = false, password = at("conf", "p.password"), log = at("logs", "l.log") } = {}) {
  return {
    configFile: at("conf", "config.toml"),
    text: "new",
    logFile: log,
    password: { file: password, text: "x\n", replaces },
  };
}

test("writeSetup() writes both, for their owner alone, and makes the folders of both and of the log", () => {
  writeSetup(setup());
  expect(readFileSync(at("conf", "config.toml"), "utf8")).toBe("new");
  expect(readFileSync(at("conf", "p.password"), "utf8")).toBe("x\n");
  expect([at("conf"), at("logs"), at("conf", "config.toml"), at("conf", "p.password")].map(modeOf)).toEqual([
    0o700, 0o700, 0o600, 0o600,
  ]);
  expect(readdirSync(at("conf")).sort()).toEqual(["config.toml", "p.password"]);
});

test("writeSetup() keeps the permissions of a configuration file, and a link to it", () => {
  mkdirSync(at("conf"));
  writeFileSync(at("dotfile"), "old", { mode: 0o644 });
  symlinkSync("../dotfile", at("conf", "config.toml"));
  writeSetup(setup());
  expect(readFileSync(at("dotfile"), "utf8")).toBe("new");
  expect(modeOf(at("dotfile"))).toBe(0o644);
  expect(readdirSync(root).sort()).toEqual(["conf", "dotfile", "logs"]);
});

test("writeSetup() writes over a password file only where it was told so", () => {
  mkdirSync(at("conf"));
  writeFileSync(at("conf", "p.password"), "old", { mode: 0o644 });
  expect(() => writeSetup(setup())).toThrow(`"${at("conf", "p.password")}": it exists already. Nothing was written`);
  expect(readFileSync(at("conf", "p.password"), "utf8")).toBe("old");
  expect(existsSync(at("conf", "config.toml"))).toBe(false);
  writeSetup(setup({ replaces: true }));
  expect([readFileSync(at("conf", "p.password"), "utf8"), modeOf(at("conf", "p.password"))]).toEqual(["x\n", 0o600]);
});

test("writeSetup() leaves nothing behind when it fails", () => {
  // A folder in its place: it cannot be replaced.
  mkdirSync(at("conf", "config.toml"), { recursive: true });
  expect(() => writeSetup(setup())).toThrow(UsageError);
  expect(readdirSync(root)).toEqual(["conf"]);
  expect(readdirSync(at("conf"))).toEqual(["config.toml"]);
});
