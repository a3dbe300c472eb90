import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import {
  createAsker,
  createLineEditor,
  InterruptedError,
  promptHidden,
  type Terminal,
  type Typed,
} from "../../src/options/prompt.ts";

describe("createLineEditor()", () => {
  const feedAll = (keys: (string | Uint8Array)[]): Typed => {
    const editor = createLineEditor();
    let typed: Typed = { state: "typing", line: "" };
    for (const key of keys) typed = editor.feed(key);
    return typed;
  };
  const euro = new TextEncoder().encode("€");

  test.each<{ name: string; keys: (string | Uint8Array)[]; line: string }>([
    { name: "key by key, Enter", keys: ["a", "b", "\r"], line: "ab" },
    { name: "a line feed", keys: ["ab\n"], line: "ab" },
    { name: "a paste of two lines takes the first", keys: ["ab\r\ncd\r\n"], line: "ab" },
    { name: "marks around a paste", keys: ["\x1b[200~ab\x1b[201~\r"], line: "ab" },
    { name: "backspace", keys: ["abc\x7f\b", "\r"], line: "a" },
    { name: "backspace takes a whole character", keys: ["a🔑\x7f\r"], line: "a" },
    { name: "backspace on nothing", keys: ["\x7fa\r"], line: "a" },
    { name: "Ctrl-U clears", keys: ["abc\x15d\r"], line: "d" },
    { name: "arrow keys are ignored", keys: ["a\x1b[D\x1bOCb\x1b[3~\r"], line: "ab" },
    { name: "an arrow key cut in two", keys: ["a\x1b", "[", "Db\r"], line: "ab" },
    { name: "a character cut in two", keys: [euro.subarray(0, 1), euro.subarray(1), "\r"], line: "€" },
    { name: "Ctrl-D after text is ignored", keys: ["a\x04\r"], line: "a" },
    { name: "spaces stay", keys: [" a b \r"], line: " a b " },
    { name: "nothing", keys: ["\r"], line: "" },
  ])("$name", ({ keys, line }) => expect(feedAll(keys)).toEqual({ state: "done", line }));

  test.each(["\x03", "abc\x03", "\x04"])("%j interrupts", (keys) => expect(feedAll([keys]).state).toBe("interrupted"));
});

/** What is asked of a real stream is there, and no more. */
function createTerminal(columns?: number) {
  const emitter = new EventEmitter();
  const seen: string[] = [];
  const raw = { isRaw: false };
  const input = Object.assign(emitter, {
    get isRaw() {
      return raw.isRaw;
    },
    setRawMode(mode: boolean) {
      raw.isRaw = mode;
    },
    resume() {},
    pause: () => seen.push("paused"),
  });
  const output = { write: (text: string) => seen.push(text), ...(columns !== undefined && { columns }) };
  return { terminal: { input, output } as unknown as Terminal, emitter, raw, seen };
}

describe("promptHidden()", () => {
  test("asks in raw mode, shows nothing typed, and gives the terminal back", async () => {
    const { terminal, emitter, raw, seen } = createTerminal();
    const answer = promptHidden("Password: ", terminal);
    expect(raw.isRaw).toBe(true);
    emitter.emit("data", "hunter2");
    emitter.emit("data", "\r");
    expect(await answer).toBe("hunter2");
    expect(raw.isRaw).toBe(false);
    expect(seen).toEqual(["Password: ", "paused", "\n"]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["data", "ab\x03"],
    ["end", undefined],
    ["error", new Error("EIO")],
  ])("is interrupted by %s, and gives the terminal back", async (event, value) => {
    const { terminal, emitter, raw } = createTerminal();
    const answer = promptHidden("Password: ", terminal);
    emitter.emit(event, value);
    await expect(answer).rejects.toBeInstanceOf(InterruptedError);
    expect(raw.isRaw).toBe(false);
    expect(emitter.eventNames()).toEqual([]);
  });
});

describe("createAsker()", () => {
  /** What a terminal shows after these writes: it goes back on \\r and \\b, and to a new line on \\n. */
  function shown(written: readonly string[]): string[] {
    const rows: string[] = [""];
    let column = 0;
    for (const char of written.filter((text) => text !== "paused").join("")) {
      const row = rows.at(-1) ?? "";
      if (char === "\r") column = 0;
      else if (char === "\b") column--;
      else if (char === "\n") column = rows.push("") * 0;
      else {
        rows[rows.length - 1] = row.slice(0, column) + char + row.slice(column + 1);
        column++;
      }
    }
    return rows.map((row) => row.trimEnd());
  }

  test("line() shows what is typed and taken back", async () => {
    const { terminal, emitter, seen } = createTerminal();
    const answer = createAsker(terminal).line("Account: ");
    for (const key of ["alix", "\x7f", "ce"]) emitter.emit("data", key);
    expect(shown(seen)).toEqual(["Account: alice"]);
    emitter.emit("data", "\x15bob\r");
    expect(await answer).toBe("bob");
    expect(shown(seen)).toEqual(["Account: bob", ""]);
  });

  test("line() shows the end of a line that is longer than the terminal is wide", async () => {
    const { terminal, emitter, seen } = createTerminal(20);
    const answer = createAsker(terminal).line("Server: ");
    emitter.emit("data", "ftp.example.org/www");
    expect(shown(seen)).toEqual(["Server: ple.org/www"]);
    emitter.emit("data", "\r");
    expect(await answer).toBe("ftp.example.org/www");
  });

  test("the lines of a paste are the answers of the next questions, and none is shown at a hidden one", async () => {
    const { terminal, emitter, seen } = createTerminal();
    const asker = createAsker(terminal);
    const first = asker.line("A: ");
    emitter.emit("data", "one\r\ntwo\r\nthree\r\n");
    expect([await first, await asker.hidden("B: "), await asker.line("C: ")]).toEqual(["one", "two", "three"]);
    expect(shown(seen)).toEqual(["A: one", "B:", "C: three", ""]);
  });

  test("is interrupted at any of its questions", async () => {
    const { terminal, emitter } = createTerminal();
    const asker = createAsker(terminal);
    const first = asker.line("A: ");
    emitter.emit("data", "one\r");
    await first;
    const second = asker.line("B: ");
    emitter.emit("data", "tw\x03");
    await expect(second).rejects.toBeInstanceOf(InterruptedError);
  });
});
