/** Archives that are the same, byte by byte, whenever and wherever they are made of the same files. */
import { crc32 } from "node:zlib";

export interface ArchiveFile {
  /** With `/`, in ASCII, up to 100 bytes. */
  name: string;
  content: Uint8Array;
  isExecutable?: boolean;
}

const BLOCK_BYTES = 512;
// libdeflate packs tighter at 6 than zlib at 9, in a third of its time.
const PACKING = { library: "libdeflate", level: 6 } as const;
const ZIP_VERSION = 20;
const DEFLATED = 8;
const MADE_ON_UNIX = 3;

/** A .tar.gz (ustar). All files belong to root and bear the given time. */
export function tarGz(files: readonly ArchiveFile[], epochSeconds: number): Uint8Array {
  const parts = files.flatMap(({ name, content, isExecutable = false }) => {
    const padding = new Uint8Array((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [tarHeader(name, content.length, isExecutable, epochSeconds), content, padding];
  });
  const packed = Bun.gzipSync(Buffer.concat([...parts, new Uint8Array(2 * BLOCK_BYTES)]), PACKING);
  // The header (RFC 1952): no time, and the same system wherever it is made.
  packed.fill(0, 4, 8);
  packed[9] = MADE_ON_UNIX;
  return packed;
}

function tarHeader(name: string, sizeBytes: number, isExecutable: boolean, epochSeconds: number): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(name, 0, 100, "latin1");
  octal(isExecutable ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(epochSeconds, 136, 12);
  // The sum is taken with spaces in its own place.
  header.write("        ", 148, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\0" + "00", 257, "latin1");
  header.write("root", 265, "latin1");
  header.write("root", 297, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** A .zip with every file deflated. Its times are in UTC: the format knows no zone. */
export function zip(files: readonly ArchiveFile[], epochSeconds: number): Uint8Array {
  const stored: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, isExecutable = false } of files) {
    const packed = Bun.deflateSync(content as Uint8Array<ArrayBuffer>, PACKING);
    const common = zipFields(content, packed, name, epochSeconds);
    const local = Buffer.concat([words(0x04034b50), common, Buffer.from(name, "latin1"), packed]);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE((MADE_ON_UNIX << 8) | ZIP_VERSION, 4);
    common.copy(central, 6);
    central.writeUInt32LE(((0o100000 | (isExecutable ? 0o755 : 0o644)) << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name, "latin1"));
    stored.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...stored, ...directory, end]);
}

/** What the entry before the file and that in the directory have in common, from "version needed" on. */
function zipFields(content: Uint8Array, packed: Uint8Array, name: string, epochSeconds: number): Buffer {
  const fields = Buffer.alloc(26);
  const { time, date } = dosTime(epochSeconds);
  fields.writeUInt16LE(ZIP_VERSION, 0);
  fields.writeUInt16LE(DEFLATED, 4);
  fields.writeUInt16LE(time, 6);
  fields.writeUInt16LE(date, 8);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function words(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** MS-DOS counts from 1980, in steps of two seconds. */
function dosTime(epochSeconds: number): { time: number; date: number } {
  const at = new Date(Math.max(epochSeconds, Date.UTC(1980, 0, 1) / 1000) * 1000);
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}
