/** Jones, reflected: the checksum of Redis's dumps (its src/crc64.c). */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/**
 * Eight tables ("slicing by 8") of 256 entries, each in two halves since JavaScript has no fast integer of 64
 * bits. Table n is what a byte does to the checksum once n more bytes have followed it.
 */
const { low: LOW, high: HIGH } = makeTables();

function makeTables(): { low: Int32Array; high: Int32Array } {
  const [low, high] = [new Int32Array(8 * 256), new Int32Array(8 * 256)];
  const first = Array.from({ length: 256 }, (_, byte) => {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1n) ^ ((crc & 1n) * POLYNOMIAL);
    return crc;
  });
  for (const [byte, entry] of first.entries()) {
    let crc = entry;
    for (let table = 0; table < 8; table += 1) {
      low[table * 256 + byte] = Number(BigInt.asIntN(32, crc));
      high[table * 256 + byte] = Number(BigInt.asIntN(32, crc >> 32n));
      crc = (crc >> 8n) ^ (first[Number(crc & 255n)] as bigint);
    }
  }
  return { low, high };
}

/** Writes the checksum of the bytes from `start` to `end` behind them, little endian; returns where it ends. */
export function writeCrc64(bytes: Buffer, start: number, end: number): number {
  const table = (tables: Int32Array, n: number, byte: number) =>
    tables[n * 256 + (byte & 255)] as number;
  const at = (index: number) => bytes[index] as number;
  let [low, high] = [0, 0];
  let i = start;
  for (; i + 8 <= end; i += 8) {
    const a = low ^ (at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
    const b = high ^ (at(i + 4) | (at(i + 5) << 8) | (at(i + 6) << 16) | (at(i + 7) << 24));
    low =
      table(LOW, 7, a) ^
      table(LOW, 6, a >>> 8) ^
      table(LOW, 5, a >>> 16) ^
      table(LOW, 4, a >>> 24) ^
      table(LOW, 3, b) ^
      table(LOW, 2, b >>> 8) ^
      table(LOW, 1, b >>> 16) ^
      table(LOW, 0, b >>> 24);
    high =
      table(HIGH, 7, a) ^
      table(HIGH, 6, a >>> 8) ^
      table(HIGH, 5, a >>> 16) ^
      table(HIGH, 4, a >>> 24) ^
      table(HIGH, 3, b) ^
      table(HIGH, 2, b >>> 8) ^
      table(HIGH, 1, b >>> 16) ^
      table(HIGH, 0, b >>> 24);
  }
  for (; i < end; i += 1) {
    const byte = low ^ at(i);
    low = ((low >>> 8) | (high << 24)) ^ table(LOW, 0, byte);
    high = (high >>> 8) ^ table(HIGH, 0, byte);
  }
  bytes.writeInt32LE(low, end);
  return bytes.writeInt32LE(high, end + 4);
}
