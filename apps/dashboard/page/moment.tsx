const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const dateAndTime = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
  hourCycle: "h23",
});
const ONE_DAY_MS = 86_400_000;

/** A moment in the viewer's zone, and in UTC on hover; Unix ms or ISO 8601. */
export function Moment({ at }: { at: number | string }) {
  const date = new Date(at);
  const iso = date.toISOString();
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  const recent = Math.abs(Date.now() - date.getTime()) < ONE_DAY_MS / 2;
  return (
    <time dateTime={iso} title={utc}>
      {(recent ? time : dateAndTime).format(date)}
    </time>
  );
}
