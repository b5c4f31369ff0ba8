/** Numbers and spans of time, in words; the grouping is the command line's. */
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export function count(value: number): string {
  return whole.format(value);
}

export function many(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Never 100 % before everything is done. */
export function percent(part: number, all: number): string {
  if (all === 0) return "–";
  const value = Math.floor((part / all) * 1_000) / 10;
  return `${value.toFixed(value === 100 ? 0 : 1)} %`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function bytes(value: number): string {
  const step =
    value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
  const scaled = value / 1024 ** step;
  return `${(scaled >= 100 ? whole : tenths).format(scaled)} ${UNITS[step] ?? ""}`;
}

/** `42 s`, `3 min 07 s`, `2 h 05 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (s < 3_600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${two(Math.floor((s % 3_600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

export function milliseconds(ms: number): string {
  return ms < 1_000
    ? `${count(ms)} ms`
    : ms < 60_000
      ? `${tenths.format(ms / 1_000)} s`
      : span(ms / 1_000);
}
