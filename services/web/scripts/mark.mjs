// Draws the product's mark (public/favicon.svg: a key in a ring, on a 28 grid) as pixels, the same on every machine.
import { deflateSync } from "node:zlib";

const GROUND = [0x1d, 0x4f, 0xb8];
const LINE = [0xff, 0xff, 0xff];
const GRID = 28;
const CORNER = 7;
const HALF_STROKE = 1;
const RING = { x: 14.061, y: 14, radius: 7.2, endX: 19.6, endY: [9.4, 18.6] };
const EYE = { x: 14, y: 12.6, radius: 1.9 };
const SHANK = { x: 14, top: 14.5, bottom: 18.1 };
/** How many points of each pixel are looked at, in each direction. */
const SAMPLES = 4;

function isOnLine(x, y) {
  const fromRing = Math.hypot(x - RING.x, y - RING.y);
  const isInGap = x > RING.x && Math.abs(y - RING.y) < ((x - RING.x) * (RING.endY[1] - RING.y)) / (RING.endX - RING.x);
  const toRing = isInGap ? Math.min(...RING.endY.map((endY) => Math.hypot(x - RING.endX, y - endY))) : Math.abs(fromRing - RING.radius);
  const toEye = Math.abs(Math.hypot(x - EYE.x, y - EYE.y) - EYE.radius);
  const toShank = Math.hypot(x - SHANK.x, y - Math.min(Math.max(y, SHANK.top), SHANK.bottom));
  return Math.min(toRing, toEye, toShank) <= HALF_STROKE;
}

function isOnGround(x, y) {
  const beyond = (value) => Math.max(CORNER - value, value - (GRID - CORNER), 0);
  return Math.hypot(beyond(x), beyond(y)) <= CORNER;
}

/** RGBA, `size` by `size`. Maskable: the ground fills everything and the mark keeps to the middle. */
export function drawMark(size, maskable) {
  const pixels = Buffer.alloc(size * size * 4);
  const scale = maskable ? 0.75 : 1;
  const place = (pixel) => ((pixel / size - 0.5) / scale + 0.5) * GRID;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let ground = 0;
      let line = 0;
      for (let i = 0; i < SAMPLES * SAMPLES; i++) {
        const x = place(column + ((i % SAMPLES) + 0.5) / SAMPLES);
        const y = place(row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES);
        if (!maskable && !isOnGround(x, y)) continue;
        ground += 1;
        if (isOnLine(x, y)) line += 1;
      }
      const at = (row * size + column) * 4;
      const share = ground === 0 ? 0 : line / ground;
      for (let c = 0; c < 3; c++) pixels[at + c] = Math.round(GROUND[c] + (LINE[c] - GROUND[c]) * share);
      pixels[at + 3] = Math.round((255 * ground) / (SAMPLES * SAMPLES));
    }
  }
  return pixels;
}

function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

/** A PNG of RGBA pixels. */
export function encodePng(size, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = [];
  for (let row = 0; row < size; row++) rows.push(Buffer.from([0]), pixels.subarray(row * size * 4, (row + 1) * size * 4));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The pixels' rows of a PNG that `encodePng` wrote, still compressed. */
export function dataOf(png) {
  return png.subarray(8 + 25 + 8, 8 + 25 + 8 + png.readUInt32BE(8 + 25));
}

/** The files in public/: name, size, and whether it is maskable. */
export const ICONS = [
  ["icon-180.png", 180, true],
  ["icon-192.png", 192, false],
  ["icon-512.png", 512, false],
  ["icon-maskable-512.png", 512, true],
];
