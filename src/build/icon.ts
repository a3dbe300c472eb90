/** The program's icon: a sail and its mirror image, on blue. Drawn here, so that no binary lies among the sources. */
import { crc32, deflateSync } from "node:zlib";

export const ICON_SIZES = [16, 24, 32, 48, 64, 256];

/** Samples a pixel side, for smooth edges. */
const SAMPLES = 4;
const GROUND = [38, 92, 160] as const;
const SAIL = [255, 255, 255] as const;
const IMAGE = [160, 196, 236] as const;

type Colour = readonly [red: number, green: number, blue: number];

/** The icon as a PNG of `size` × `size` pixels. */
export function iconPng(size: number): Uint8Array {
  const rows = Buffer.alloc(size * (1 + 4 * size));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) rows.set(pixelAt(x, y, size), y * (1 + 4 * size) + 1 + 4 * x);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // 8 bits each of red, green, blue and alpha.
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(rows, { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function pixelAt(x: number, y: number, size: number): number[] {
  const sum = [0, 0, 0];
  let covered = 0;
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const across = (x + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
    const down = (y + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
    const colour = colourAt(across, down);
    if (colour === undefined) continue;
    covered++;
    for (const [index, value] of colour.entries()) sum[index] = (sum[index] ?? 0) + value;
  }
  if (covered === 0) return [0, 0, 0, 0];
  return [...sum.map((value) => Math.round(value / covered)), Math.round((255 * covered) / SAMPLES ** 2)];
}

/** Of a point of the unit square; undefined outside the icon's rounded ground. */
function colourAt(across: number, down: number): Colour | undefined {
  const radius = 0.2;
  const fromCorner = [across, down].map((at) => Math.max(radius - at, at - (1 - radius), 0));
  if (Math.hypot(...fromCorner) > radius) return undefined;
  const fromMirror = Math.abs(across - 0.5);
  if (fromMirror < 0.05 || fromMirror > 0.36) return GROUND;
  // Its upper edge falls away from the mirror, its foot is level.
  const isSail = down < 0.78 && down > 0.18 + ((fromMirror - 0.05) / 0.31) * 0.6;
  if (!isSail) return GROUND;
  return across < 0.5 ? SAIL : IMAGE;
}
