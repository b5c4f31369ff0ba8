/** Microseconds since the Unix epoch. A bigint, because the year 9999 in microseconds does not fit a double. */
export type Instant = bigint;

/** SQL's `infinity` and `-infinity`: beyond every instant a database can hold. */
export const INFINITE_FUTURE: Instant = 2n ** 64n;
export const INFINITE_PAST: Instant = -INFINITE_FUTURE;

export const TIMESTAMP_FORMS = ["iso", "epoch-seconds", "epoch-milliseconds"] as const;
export type TimestampForm = (typeof TIMESTAMP_FORMS)[number];

const FIRST = BigInt(Date.parse("0001-01-01T00:00:00.000Z")) * 1000n;
const LAST = BigInt(Date.parse("9999-12-31T23:59:59.999Z")) * 1000n + 999n;

/** Only these years have a four-digit form, in which text order is time order. */
export function isRenderable(instant: Instant): boolean {
  return instant >= FIRST && instant <= LAST;
}

/** Rounded down, so that a session never outlives its expiry. Exact for the years 1 to 9999. */
export function toMilliseconds(instant: Instant): number {
  return split(instant).milliseconds;
}

/** Whole milliseconds, rounded down, and the microseconds that are left. */
function split(instant: Instant): { milliseconds: number; micros: number } {
  const whole = Number(instant);
  if (Number.isSafeInteger(whole)) {
    // The years 1684 to 2255: arithmetic of doubles is exact there, and many times faster.
    const micros = remainder(whole, 1000);
    return { milliseconds: (whole - micros) / 1000, micros };
  }
  const milliseconds = floorDivide(instant, 1000n);
  return {
    milliseconds: Number(milliseconds),
    micros: Number(instant - milliseconds * 1000n),
  };
}

/** The instant must be renderable. `iso` is UTC with six digits of fraction; the epoch forms are whole numbers, rounded down. */
export function renderInstant(instant: Instant, form: TimestampForm): string {
  switch (form) {
    case "iso": {
      const { milliseconds, micros } = split(instant);
      return renderIso(milliseconds, micros);
    }
    case "epoch-seconds":
      return String(floorDivide(instant, 1_000_000n));
    case "epoch-milliseconds":
      return String(toMilliseconds(instant));
  }
}

const DAY_MS = 86_400_000;
const DATE_LENGTH = "2000-01-01".length;
const MAX_DATES = 10_000;
const dates = new Map<number, Buffer>();
const text = Buffer.from("2000-01-01T00:00:00.000000Z", "latin1");

/** Written into one buffer, with dates known from before: `Date.toISOString` takes several times as long. */
function renderIso(milliseconds: number, micros: number): string {
  const ofDay = remainder(milliseconds, DAY_MS);
  const date = dateOf(milliseconds - ofDay);
  for (let i = 0; i < DATE_LENGTH; i += 1) text[i] = date[i] as number;
  const seconds = Math.floor(ofDay / 1000);
  writeDigits(11, 2, Math.floor(seconds / 3600));
  writeDigits(14, 2, Math.floor(seconds / 60) % 60);
  writeDigits(17, 2, seconds % 60);
  writeDigits(20, 3, ofDay % 1000);
  writeDigits(23, 3, micros);
  return text.toString("latin1");
}

function dateOf(day: number): Buffer {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = Buffer.from(new Date(day).toISOString().slice(0, DATE_LENGTH), "latin1");
  if (dates.size < MAX_DATES) dates.set(day, date);
  return date;
}

function writeDigits(at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i -= 1) {
    text[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** Never negative. */
function remainder(dividend: number, divisor: number): number {
  const rest = dividend % divisor;
  return rest < 0 ? rest + divisor : rest;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
