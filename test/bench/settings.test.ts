import { expect, test } from "bun:test";
import { experiments } from "./experiments.ts";
import { settingsOf } from "./settings.ts";
import { SIZES } from "./size.ts";

const namesFor = (...args: string[]) => settingsOf(args).chosen.map(({ name }) => name);

test("settingsOf() takes every experiment, three rounds, in full", () => {
  expect(settingsOf([])).toMatchObject({ size: SIZES.full, rounds: 3, isWritten: false, isList: false });
  expect(namesFor()).toEqual(experiments(SIZES.full).map(({ name }) => name));
});

test("settingsOf() takes those whose name holds one of the texts", () => {
  expect(namesFor("--rows", "trips proftpd, start")).toEqual(["trips proftpd", "trips proftpd tls", "start"]);
});

test("settingsOf() runs a tiny size once", () => {
  expect(settingsOf(["--size", "tiny"])).toMatchObject({ size: SIZES.tiny, rounds: 1 });
});

test.each([
  { args: ["--rows", "nothing like it"], message: '"nothing like it"' },
  { args: ["--size", "huge"], message: "full, tiny" },
  { args: ["--rounds", "0"], message: '"0" rounds' },
  { args: ["--rounds", "some"], message: '"some" rounds' },
  { args: ["--row", "start"], message: "--row" },
  { args: ["--write", "--rows", "start"], message: "from a part" },
  { args: ["--write", "--size", "tiny"], message: "from a part" },
])("settingsOf($args) throws", ({ args, message }) => expect(() => settingsOf(args)).toThrow(message));

test("experiments() have names of their own, and a goal each", () => {
  const all = experiments(SIZES.full);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.filter(({ rows }) => !rows.some(({ goal }) => goal)).map(({ name }) => name)).toEqual([]);
});
