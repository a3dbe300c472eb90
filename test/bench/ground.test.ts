import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createGround } from "./ground.ts";
import { SIZES } from "./size.ts";

test("createGround() makes a thing once, and keeps no trace after its end", async () => {
  const ground = createGround(SIZES.tiny, new AbortController().signal);
  let made = 0;
  const make = async () => ++made;
  try {
    expect(await Promise.all([ground.once("a", make), ground.once("a", make), ground.once("b", make)])).toEqual([
      1, 1, 2,
    ]);
    const [first, second] = [ground.newFolder(), ground.newFolder()];
    expect(first).not.toBe(second);
    expect(existsSync(first)).toBe(true);
  } finally {
    await ground.end();
  }
  expect(existsSync(ground.folder)).toBe(false);
});

test("createGround() makes nothing any more once it is interrupted", () => {
  const ground = createGround(SIZES.tiny, AbortSignal.abort(new Error("stopped")));
  expect(() => ground.once("a", async () => 1)).toThrow("stopped");
  return ground.end();
});
