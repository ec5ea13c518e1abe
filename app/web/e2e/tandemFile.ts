import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { crc32 } from 'node:zlib';

/** Writes a bundle's folder as a `.tandem` file: a zip of stored entries (docs/bundle-format.md). */
export function writeTandemFile(folder: string, file: string): void {
  const to = openSync(file, 'wx');
  const directory: Buffer[] = [];
  let offset = 0;
  const write = (bytes: Buffer) => {
    for (let done = 0; done < bytes.length;) done += writeSync(to, bytes, done);
    offset += bytes.length;
  };
  for (const path of filesBelow(folder)) {
    const name = Buffer.from(relative(folder, path));
    const bytes = readFileSync(path);
    // Version 2.0; no flags, stored, no time.
    const same = [...u16(20, 0, 0, 0, 0), ...u32(crc32(bytes), bytes.length, bytes.length), ...u16(name.length, 0)];
    directory.push(Buffer.from([...u32(0x02014b50), ...u16(20), ...same, ...u16(0, 0, 0), ...u32(0, offset)]), name);
    write(Buffer.from([...u32(0x04034b50), ...same]));
    write(name);
    write(bytes);
  }
  const start = offset;
  const entries = Buffer.concat(directory);
  write(entries);
  const count = directory.length / 2;
  write(Buffer.from([...u32(0x06054b50), ...u16(0, 0, count, count), ...u32(entries.length, start), ...u16(0)]));
  closeSync(to);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const u16 = (...values: number[]) => values.flatMap(value => [value & 0xff, (value >> 8) & 0xff]);
const u32 = (...values: number[]) => values.flatMap(value => [0, 8, 16, 24].map(shift => (value >>> shift) & 0xff));
