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
  return Number(floorDivide(instant, 1000n));
}

/** The instant must be renderable. `iso` is UTC with six digits of fraction; the epoch forms are whole numbers, rounded down. */
export function renderInstant(instant: Instant, form: TimestampForm): string {
  switch (form) {
    case "iso": {
      const milliseconds = toMilliseconds(instant);
      const rest = Number(instant - BigInt(milliseconds) * 1000n);
      return `${new Date(milliseconds).toISOString().slice(0, 23)}${String(rest).padStart(3, "0")}Z`;
    }
    case "epoch-seconds":
      return String(floorDivide(instant, 1_000_000n));
    case "epoch-milliseconds":
      return String(toMilliseconds(instant));
  }
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
