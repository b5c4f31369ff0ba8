/*
 * A time is two numbers: whole Unix milliseconds, rounded down (±Infinity for SQL's infinities), and the
 * microseconds from 0 to 999 that are left. In microseconds, the year 9999 would not fit a double.
 */

export const TIMESTAMP_FORMS = ["iso", "epoch-seconds", "epoch-milliseconds"] as const;
export type TimestampForm = (typeof TIMESTAMP_FORMS)[number];

const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Only these years have a four-digit form, in which text order is time order. */
export function isRenderable(milliseconds: number): boolean {
  return milliseconds >= FIRST_MS && milliseconds <= LAST_MS;
}

/** No form of a time is longer. */
export const MAX_TIME_BYTES = "2000-01-01T00:00:00.000000Z".length;

const DAY_MS = 86_400_000;
const DATE_BYTES = "2000-01-01".length;
const MAX_DATES = 10_000;
const dates = new Map<number, Buffer>();

/**
 * Writes a renderable time; returns where it ends. `iso` is UTC with six digits of fraction; the epoch forms are
 * whole numbers, rounded down.
 */
export function writeTime(
  bytes: Buffer,
  at: number,
  milliseconds: number,
  microseconds: number,
  form: TimestampForm,
): number {
  if (form !== "iso") {
    const whole = form === "epoch-seconds" ? Math.floor(milliseconds / 1000) : milliseconds;
    return at + bytes.write(String(whole), at, "latin1");
  }
  const day = Math.floor(milliseconds / DAY_MS);
  const ofDay = milliseconds - day * DAY_MS;
  const seconds = Math.floor(ofDay / 1000);
  // `Date.toISOString` takes several times as long, and most dates come again.
  const date = dateOf(day);
  for (let i = 0; i < DATE_BYTES; i += 1) bytes[at + i] = date[i] as number;
  bytes[at + 10] = 84; // T
  writeTwo(bytes, at + 11, Math.floor(seconds / 3600));
  bytes[at + 13] = 58; // :
  writeTwo(bytes, at + 14, Math.floor(seconds / 60) % 60);
  bytes[at + 16] = 58;
  writeTwo(bytes, at + 17, seconds % 60);
  bytes[at + 19] = 46; // .
  writeThree(bytes, at + 20, ofDay - seconds * 1000);
  writeThree(bytes, at + 23, microseconds);
  bytes[at + 26] = 90; // Z
  return at + MAX_TIME_BYTES;
}

function dateOf(day: number): Buffer {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = Buffer.from(new Date(day * DAY_MS).toISOString().slice(0, DATE_BYTES), "latin1");
  if (dates.size < MAX_DATES) dates.set(day, date);
  return date;
}

function writeTwo(bytes: Buffer, at: number, value: number): void {
  const tens = Math.floor(value / 10);
  bytes[at] = 48 + tens;
  bytes[at + 1] = 48 + value - tens * 10;
}

function writeThree(bytes: Buffer, at: number, value: number): void {
  const hundreds = Math.floor(value / 100);
  bytes[at] = 48 + hundreds;
  writeTwo(bytes, at + 1, value - hundreds * 100);
}
