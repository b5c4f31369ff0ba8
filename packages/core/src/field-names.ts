import { sameBytes } from "./bytes.js";
import { type Mapping, renamed } from "./mapping.js";

/** What an attribute is called in the target. */
export interface FieldName {
  readonly bytes: Buffer;
  /** Two names are the same where their ids are: each character is a byte. */
  readonly id: string;
  /** Another field has this name. */
  readonly isReserved: boolean;
}

interface Known extends FieldName {
  readonly key: Buffer;
}

/** Few keys make up most attributes; others, and long ones, are not remembered. */
const MAX_KEYS = 1_024;
const MAX_KEY_BYTES = 255;
const SLOTS = 4 * MAX_KEYS;

/** The names of attributes by the bytes of their keys, without making a string of each. */
export class FieldNames {
  readonly #prefix: string;
  readonly #mapping: Mapping;
  readonly #reserved: ReadonlySet<string>;
  /** A hash table with linear probing. */
  readonly #slots: (Known | null)[] = Array.from({ length: SLOTS }, () => null);
  #known = 0;

  /** Every name begins with `prefix`. */
  constructor(prefix: string, mapping: Mapping, reserved: ReadonlySet<string>) {
    this.#prefix = prefix;
    this.#mapping = mapping;
    this.#reserved = new Set(Array.from(reserved, (name) => idOf(Buffer.from(name))));
  }

  of(bytes: Buffer, start: number, end: number): FieldName {
    let slot = hash(bytes, start, end) % SLOTS;
    for (;;) {
      const known = this.#slots[slot] as Known | null;
      if (known === null) return this.#learn(bytes, start, end, slot);
      if (sameBytes(known.key, 0, known.key.length, bytes, start, end)) return known;
      slot = (slot + 1) % SLOTS;
    }
  }

  #learn(bytes: Buffer, start: number, end: number, slot: number): FieldName {
    const key = Buffer.from(bytes.subarray(start, end));
    const text = this.#prefix + key.toString();
    const other = renamed(this.#mapping.renames, text);
    // A key that is no UTF-8 stays as it is: its text is not the same.
    const written =
      other === text ? Buffer.concat([Buffer.from(this.#prefix), key]) : Buffer.from(other);
    const id = idOf(written);
    const name = { key, bytes: written, id, isReserved: this.#reserved.has(id) };
    if (this.#known < MAX_KEYS && key.length <= MAX_KEY_BYTES) {
      this.#slots[slot] = name;
      this.#known += 1;
    }
    return name;
  }
}

function idOf(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** FNV-1a, of which the lower bits are used. */
function hash(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i += 1) value = Math.imul(value ^ (bytes[i] as number), 0x01000193);
  return value >>> 0;
}
