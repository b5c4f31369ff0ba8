/** Jones, reflected: the checksum of Redis's dumps (its src/crc64.c). */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/**
 * Eight tables ("slicing by 8") of 256 entries, each in two halves since JavaScript has no fast integer of 64
 * bits. Table n is what a byte does to the checksum once n more bytes have followed it.
 */
const [LOW, HIGH] = makeTables();
const [L0, L1, L2, L3, L4, L5, L6, L7] = LOW;
const [H0, H1, H2, H3, H4, H5, H6, H7] = HIGH;

type Tables = readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

function makeTables(): readonly [low: Tables, high: Tables] {
  const first = Array.from({ length: 256 }, (_, byte) => {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1n) ^ ((crc & 1n) * POLYNOMIAL);
    return crc;
  });
  const halves = (shift: bigint) => {
    let entries = first;
    return Array.from({ length: 8 }, () => {
      const half = Int32Array.from(entries, (crc) => Number(BigInt.asIntN(32, crc >> shift)));
      entries = entries.map((crc) => (crc >> 8n) ^ (first[Number(crc & 255n)] as bigint));
      return half;
    }) as unknown as Tables;
  };
  return [halves(0n), halves(32n)];
}

/**
 * Writes the checksum of the bytes from `start` to `end` after them, little endian; returns where it ends.
 * `view` is upon the same bytes: it reads four of them at once.
 */
export function writeCrc64(view: DataView, start: number, end: number): number {
  let [low, high] = [0, 0];
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const a = low ^ view.getInt32(at, true);
    const b = high ^ view.getInt32(at + 4, true);
    const [a0, a1, a2, a3] = [a & 255, (a >>> 8) & 255, (a >>> 16) & 255, a >>> 24];
    const [b0, b1, b2, b3] = [b & 255, (b >>> 8) & 255, (b >>> 16) & 255, b >>> 24];
    low =
      of(L7, a0) ^
      of(L6, a1) ^
      of(L5, a2) ^
      of(L4, a3) ^
      of(L3, b0) ^
      of(L2, b1) ^
      of(L1, b2) ^
      of(L0, b3);
    high =
      of(H7, a0) ^
      of(H6, a1) ^
      of(H5, a2) ^
      of(H4, a3) ^
      of(H3, b0) ^
      of(H2, b1) ^
      of(H1, b2) ^
      of(H0, b3);
  }
  for (; at < end; at += 1) {
    const byte = (low ^ view.getUint8(at)) & 255;
    low = ((low >>> 8) | (high << 24)) ^ of(L0, byte);
    high = (high >>> 8) ^ of(H0, byte);
  }
  view.setInt32(end, low, true);
  view.setInt32(end + 4, high, true);
  return end + 8;
}

function of(table: Int32Array, byte: number): number {
  return table[byte] as number;
}
