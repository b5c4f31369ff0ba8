/** A timer may be late by a millisecond; what is due within half of one is not left for the next. */
const EARLY_MS = 0.5;

/** Hands on what it is given, each thing `ms` after it came, in order, however many are under way. */
export function makeDelayLine<T>(ms: number, arrive: (thing: T) => void): (thing: T) => void {
  if (ms === 0) return arrive;
  const underWay: { readonly thing: T; readonly due: number }[] = [];
  let isWaiting = false;
  const waitFor = (due: number): void => {
    isWaiting = true;
    setTimeout(deliver, due - performance.now());
  };
  const deliver = (): void => {
    isWaiting = false;
    for (let next = underWay[0]; next !== undefined; next = underWay[0]) {
      if (next.due > performance.now() + EARLY_MS) {
        waitFor(next.due);
        return;
      }
      underWay.shift();
      arrive(next.thing);
    }
  };
  return (thing) => {
    const due = performance.now() + ms;
    underWay.push({ thing, due });
    if (!isWaiting) waitFor(due);
  };
}
