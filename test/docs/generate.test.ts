import { describe, expect, test } from "bun:test";
import { readDocument, sourceFiles } from "./document.ts";
import { GENERATED } from "./generate.ts";
import { messagesOf } from "./messages.ts";

describe("documents that follow from the program", () => {
  test.each(Object.keys(GENERATED))("%s is up to date (npm run docs writes it)", (path) => {
    expect(readDocument(path)).toBe(GENERATED[path]?.() ?? "");
  });
});

describe("messagesOf()", () => {
  test("reads templates, sums and both sides of a condition out of a source", () => {
    const texts = messagesOf("src/remote/send.ts").map(({ text }) => text);
    expect(texts).toContain('Cannot store "‹path›": ‹size bytes› bytes were sent, the server holds nothing');
    expect(texts).toContain('Cannot store "‹path›": ‹size bytes› bytes were sent, the server holds ‹arrived› bytes');
  });

  test("finds what is said in most parts of the program", () => {
    const speaking = sourceFiles().filter((file) => messagesOf(file).length > 0);
    expect(new Set(speaking.map((file) => file.split("/")[1])).size).toBeGreaterThan(6);
    expect(speaking.flatMap(messagesOf).length).toBeGreaterThan(100);
  });

  test("no message holds a line break, and none ends in an exclamation mark", () => {
    const texts = sourceFiles()
      .flatMap(messagesOf)
      .map(({ text }) => text);
    expect(texts.filter((text) => /[\n\r]/.test(text) || text.endsWith("!"))).toEqual([]);
  });
});
