import { crc32, deflateSync } from 'node:zlib';

/** A file as a person would choose it. */
export type Chosen = { name: string; mimeType: string; buffer: Buffer };

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A PNG of waves, unlike those of other seeds. */
export function drawing(name: string, seed: number, width = 640, height = 800): Chosen {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      const wave = Math.sin((x * (seed + 2)) / 140 + seed) * 70 + Math.cos((y * (seed + 1)) / (90 + seed * 7)) * 50;
      rows[at] = 140 + wave;
      rows[at + 1] = 110 + wave * 0.6 + seed * 9;
      rows[at + 2] = 150 - wave * 0.7;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return { name, mimeType: 'image/png', buffer: Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]) };
}

/** A text file. */
export const text = (name: string, words: string): Chosen => ({ name, mimeType: 'text/plain', buffer: Buffer.from(words) });
