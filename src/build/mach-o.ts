/**
 * The ad-hoc code signature of a 64-bit Mach-O program: one code directory with the SHA-256 of each page of the file.
 * macOS kills a program whose pages do not match it. Load commands are little-endian, the signature is big-endian.
 */
import { createHash } from "node:crypto";

const MAGIC_64 = 0xfeedfacf;
const HEADER_BYTES = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const EMBEDDED_SIGNATURE = 0xfade0cc0;
const SUPER_BLOB_BYTES = 20;
const CODE_DIRECTORY = 0xfade0c02;
/** With the bounds of __TEXT, which macOS wants since 10.14. */
const DIRECTORY_VERSION = 0x20400;
const DIRECTORY_BYTES = 88;
const FLAG_ADHOC = 0x2;
/** Other tools may replace the signature without being asked to. */
const FLAG_LINKER_SIGNED = 0x20000;
const MAIN_BINARY = 1n;
const HASH_SHA256 = 2;
const HASH_BYTES = 32;
const PAGE_SHIFT = 12;
const PAGE_BYTES = 2 ** PAGE_SHIFT;
/** Of memory: the larger ones of Apple's own processors suit Intel's too. */
const SEGMENT_PAGE_BYTES = 16_384n;

export class SignatureError extends Error {
  override name = "SignatureError";
}

interface Layout {
  /** Of the command in the header, which names place and size of the signature. */
  commandAt: number;
  signatureAt: number;
  text: { start: bigint; length: bigint };
  linkeditAt: number;
}

/** How many pages are not what the signature says: 0 when it is sound. @throws SignatureError when it is none of ours */
export function countBadPages(file: Uint8Array): number {
  return reading(file, (view) => {
    const { signatureAt } = readLayout(view);
    if (view.getUint32(signatureAt) !== EMBEDDED_SIGNATURE || view.getUint32(signatureAt + 8) !== 1) {
      throw new SignatureError("its signature has other parts than a code directory");
    }
    const directoryAt = signatureAt + view.getUint32(signatureAt + 16);
    const hashesAt = directoryAt + view.getUint32(directoryAt + 16);
    const hashes = pageHashes(file, signatureAt);
    checkDirectory(view, directoryAt, signatureAt, hashes.length);
    if (hashesAt + hashes.length * HASH_BYTES > file.length) throw new SignatureError("its signature is cut off");
    return hashes.filter((hash, page) => {
      const at = hashesAt + page * HASH_BYTES;
      return !hash.equals(file.subarray(at, at + HASH_BYTES));
    }).length;
  });
}

/**
 * The same program with an ad-hoc signature in the place of the one it has, which must be at its end.
 * @throws SignatureError
 */
export function signAdHoc(file: Uint8Array, identifier: string): Uint8Array {
  return reading(file, (view) => {
    const { signatureAt, commandAt, linkeditAt, text } = readLayout(view);
    const name = Buffer.from(`${identifier}\0`, "latin1");
    const pages = Math.ceil(signatureAt / PAGE_BYTES);
    const directoryBytes = DIRECTORY_BYTES + name.length + pages * HASH_BYTES;
    const signed = new Uint8Array(signatureAt + SUPER_BLOB_BYTES + directoryBytes);
    signed.set(file.subarray(0, signatureAt));

    // The header is a part of the first page: it is final before that is hashed.
    const header = new DataView(signed.buffer);
    header.setUint32(commandAt + 12, signed.length - signatureAt, true);
    const linkeditBytes = BigInt(signed.length) - header.getBigUint64(linkeditAt + 40, true);
    const segmentPages = (linkeditBytes + SEGMENT_PAGE_BYTES - 1n) / SEGMENT_PAGE_BYTES;
    header.setBigUint64(linkeditAt + 32, segmentPages * SEGMENT_PAGE_BYTES, true);
    header.setBigUint64(linkeditAt + 48, linkeditBytes, true);

    const blob = new DataView(signed.buffer, signatureAt);
    [EMBEDDED_SIGNATURE, SUPER_BLOB_BYTES + directoryBytes, 1, 0, SUPER_BLOB_BYTES].forEach((value, index) => {
      blob.setUint32(4 * index, value);
    });
    const directory = new DataView(signed.buffer, signatureAt + SUPER_BLOB_BYTES);
    const flags = FLAG_ADHOC | FLAG_LINKER_SIGNED;
    const hashesAt = DIRECTORY_BYTES + name.length;
    const fields = [CODE_DIRECTORY, directoryBytes, DIRECTORY_VERSION, flags, hashesAt, DIRECTORY_BYTES, 0, pages];
    for (const [index, value] of [...fields, signatureAt].entries()) directory.setUint32(4 * index, value);
    for (const [index, value] of [HASH_BYTES, HASH_SHA256, 0, PAGE_SHIFT].entries())
      directory.setUint8(36 + index, value);
    for (const [index, value] of [text.start, text.length, MAIN_BINARY].entries()) {
      directory.setBigUint64(64 + 8 * index, value);
    }
    const directoryAt = signatureAt + SUPER_BLOB_BYTES;
    signed.set(name, directoryAt + DIRECTORY_BYTES);
    for (const [page, hash] of pageHashes(signed, signatureAt).entries()) {
      signed.set(hash, directoryAt + hashesAt + page * HASH_BYTES);
    }
    return signed;
  });
}

function reading<T>(file: Uint8Array, read: (view: DataView) => T): T {
  try {
    return read(new DataView(file.buffer, file.byteOffset, file.byteLength));
  } catch (error) {
    if (error instanceof RangeError) throw new SignatureError("the file is cut off", { cause: error });
    throw error;
  }
}

function readLayout(view: DataView): Layout {
  if (view.getUint32(0, true) !== MAGIC_64) throw new SignatureError("it is no 64-bit Mach-O file");
  const layout: Partial<Layout> = {};
  let at = HEADER_BYTES;
  for (let left = view.getUint32(16, true); left > 0; left--) {
    const command = view.getUint32(at, true);
    if (command === LC_CODE_SIGNATURE) {
      layout.commandAt = at;
      layout.signatureAt = view.getUint32(at + 8, true);
    } else if (command === LC_SEGMENT_64) {
      const name = segmentName(view, at + 8);
      const bounds = { start: view.getBigUint64(at + 40, true), length: view.getBigUint64(at + 48, true) };
      if (name === "__TEXT") layout.text = bounds;
      if (name === "__LINKEDIT") layout.linkeditAt = at;
    }
    at += view.getUint32(at + 4, true);
  }
  const { commandAt, signatureAt, text, linkeditAt } = layout;
  if (commandAt === undefined || signatureAt === undefined) throw new SignatureError("it has no code signature");
  if (text === undefined || linkeditAt === undefined) throw new SignatureError("it lacks a segment");
  const end = view.getBigUint64(linkeditAt + 40, true) + view.getBigUint64(linkeditAt + 48, true);
  const signatureEnd = signatureAt + view.getUint32(commandAt + 12, true);
  if (signatureEnd !== view.byteLength || end !== BigInt(view.byteLength)) {
    throw new SignatureError("its signature is not at its end");
  }
  return { commandAt, signatureAt, text, linkeditAt };
}

function segmentName(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, 16);
  return Buffer.from(bytes).toString("latin1").replace(/\0+$/, "");
}

function checkDirectory(view: DataView, at: number, signatureAt: number, pages: number): void {
  const expected: Array<[what: string, found: number, wanted: number]> = [
    ["kind", view.getUint32(at), CODE_DIRECTORY],
    ["parts that are hashed besides pages", view.getUint32(at + 24), 0],
    ["number of pages", view.getUint32(at + 28), pages],
    ["end of what is signed", view.getUint32(at + 32), signatureAt],
    ["length of a hash", view.getUint8(at + 36), HASH_BYTES],
    ["kind of hash", view.getUint8(at + 37), HASH_SHA256],
    ["size of a page", view.getUint8(at + 39), PAGE_SHIFT],
    ["ad-hoc flag", view.getUint32(at + 12) & FLAG_ADHOC, FLAG_ADHOC],
  ];
  for (const [what, found, wanted] of expected) {
    if (found !== wanted) throw new SignatureError(`the ${what} in its code directory is ${found}, and not ${wanted}`);
  }
}

function pageHashes(file: Uint8Array, end: number): Buffer[] {
  return Array.from({ length: Math.ceil(end / PAGE_BYTES) }, (_, page) => {
    const bytes = file.subarray(page * PAGE_BYTES, Math.min((page + 1) * PAGE_BYTES, end));
    return createHash("sha256").update(bytes).digest();
  });
}
