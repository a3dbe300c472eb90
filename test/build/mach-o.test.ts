import { describe, expect, test } from "bun:test";
import { countBadPages, SignatureError, signAdHoc } from "../../src/build/mach-o.ts";

const PAGE = 4096;
const CODE_BYTES = 5 * PAGE + 100;
const COMMANDS_AT = 32;
const SEGMENT_BYTES = 72;
const LINKEDIT_AT = COMMANDS_AT + SEGMENT_BYTES;
const SIGNATURE_COMMAND_AT = LINKEDIT_AT + SEGMENT_BYTES;
const LINKEDIT_START = 4 * PAGE;
/** The last bytes of two fields of the code directory. */
const FLAGS_AT = CODE_BYTES + 20 + 15;
const PAGES_AT = CODE_BYTES + 20 + 31;

/** A program of two segments, whose old signature of 64 bytes is of a kind that is not read. */
function program(): Uint8Array {
  const file = new Uint8Array(CODE_BYTES + 64).map((_, at) => at % 251);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xfeedfacf, true);
  view.setUint32(16, 3, true);
  segment(view, COMMANDS_AT, "__TEXT", 0, LINKEDIT_START);
  segment(view, LINKEDIT_AT, "__LINKEDIT", LINKEDIT_START, file.length - LINKEDIT_START);
  for (const [index, value] of [0x1d, 16, CODE_BYTES, 64].entries()) {
    view.setUint32(SIGNATURE_COMMAND_AT + 4 * index, value, true);
  }
  return file;
}

function segment(view: DataView, at: number, name: string, start: number, length: number): void {
  view.setUint32(at, 0x19, true);
  view.setUint32(at + 4, SEGMENT_BYTES, true);
  new Uint8Array(view.buffer).set(Buffer.from(name.padEnd(16, "\0")), at + 8);
  for (const [index, value] of [0, length, start, length].entries()) {
    view.setBigUint64(at + 24 + 8 * index, BigInt(value), true);
  }
}

function altered(file: Uint8Array, at: number, bits = 1): Uint8Array {
  const copy = file.slice();
  copy[at] = (copy[at] ?? 0) ^ bits;
  return copy;
}

describe("signAdHoc()", () => {
  test("gives a sound signature in the place of another, which ends the file and its last segment", () => {
    const file = program();
    const signed = signAdHoc(file, "miroir");
    expect(countBadPages(signed)).toBe(0);
    const view = new DataView(signed.buffer);
    const linkeditBytes = Number(view.getBigUint64(LINKEDIT_AT + 48, true));
    expect(LINKEDIT_START + linkeditBytes).toBe(signed.length);
    expect(CODE_BYTES + view.getUint32(SIGNATURE_COMMAND_AT + 12, true)).toBe(signed.length);
    expect(Number(view.getBigUint64(LINKEDIT_AT + 32, true)) % 16_384).toBe(0);
    expect(Number(view.getBigUint64(LINKEDIT_AT + 32, true))).toBeGreaterThanOrEqual(linkeditBytes);
    expect(signed.subarray(LINKEDIT_START, CODE_BYTES)).toEqual(file.subarray(LINKEDIT_START, CODE_BYTES));
    expect(Buffer.from(signed).toString("latin1")).toContain("miroir\0");
  });

  test("gives the same again for what it signed", () => {
    const signed = signAdHoc(program(), "miroir");
    expect(signAdHoc(signed, "miroir")).toEqual(signed);
  });
});

describe("countBadPages()", () => {
  const signed = signAdHoc(program(), "miroir");

  test.each([0x200, PAGE, 3 * PAGE - 1, CODE_BYTES - 1])("finds the page of a changed byte %d", (at) => {
    expect(countBadPages(altered(signed, at))).toBe(1);
  });

  test("finds a changed hash", () => {
    expect(countBadPages(altered(signed, signed.length - 1))).toBe(1);
  });

  test.each([
    { name: "another kind of signature", file: program(), says: "other parts" },
    { name: "what is no Mach-O file", file: new Uint8Array(64), says: "no 64-bit Mach-O" },
    { name: "an empty file", file: new Uint8Array(0), says: "cut off" },
    { name: "a file that is cut off", file: signed.slice(0, -10), says: "not at its end" },
    { name: "a signature without the ad-hoc flag", file: altered(signed, FLAGS_AT, 0x2), says: "ad-hoc flag" },
    { name: "a signature of fewer pages", file: altered(signed, PAGES_AT), says: "number of pages" },
  ])("refuses $name", ({ file, says }) => {
    expect(() => countBadPages(file)).toThrow(SignatureError);
    expect(() => countBadPages(file)).toThrow(says);
  });
});
