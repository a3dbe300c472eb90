import { describe, expect, test } from "bun:test";
import { codeBlocks, codeSpans, readDocument } from "./document.ts";

const FRENCH = readDocument("docs/LISEZMOI.md");
const README = readDocument("README.md");

describe("docs/LISEZMOI.md", () => {
  test("gives no command that README.md does not give", () => {
    const commands = codeBlocks(FRENCH).filter((line) => line !== "");
    expect(commands.length).toBeGreaterThan(6);
    const english = [...codeBlocks(README), ...codeSpans(README)].map((line) => line.replace(/^\$ /, ""));
    expect(commands.filter((command) => !english.includes(command))).toEqual([]);
  });

  test("tells the defaults that README.md tells", () => {
    for (const [option, standard] of [
      ["--interval", "1s"],
      ["--depth", "6"],
    ]) {
      expect(FRENCH).toMatch(new RegExp(`^\\| \`${option}\` \\| non \\| \`${standard}\` \\|`, "m"));
      expect(README).toMatch(new RegExp(`^\\| \`${option} [^\`]*\` \\| \`${standard}\` \\|`, "m"));
    }
  });
});
