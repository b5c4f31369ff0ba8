import { FAILURE_MEANINGS } from "./failure-meaning.js";
import { RUN_ID_PATTERN } from "./run.js";

const RUN = RUN_ID_PATTERN.source.replace(/^\^|\$$/g, "");

/** What Rehome itself says when a chunk fails: nothing in them comes from a session. */
const OWN = [
  `(source|target|queue): (${Object.values(FAILURE_MEANINGS).map(escape).join("|")})( \\([A-Z0-9_]{1,40}\\))?`,
  `run ${RUN} has no chunk \\d+`,
  `there is no run ${RUN}`,
  "the job's id, name or payload is not one of Rehome's",
  "a worker is connected to another (source|target) than the run's and refuses its chunks: check its (SOURCE|TARGET)_URL",
  "the target was emptied",
  "the run is [a-z]{1,16}",
  // BullMQ's, of a chunk whose workers died one after the other.
  "job stalled more than allowable limit",
  "failed",
];
/** Where it happened may follow, and is left out: it cannot be known to be a server's name. */
const PATTERN = new RegExp(`^(${OWN.join("|")})( at \\S+)?$`);
const LANGUAGE = /^((?:[A-Z][a-z]{2,20})?Error): /;

/**
 * A reason why a job or a chunk failed, for a page. What Rehome writes is fit to be shown, but whoever reaches the
 * queue Redis, or an older version, may have left anything there: only sentences known to be Rehome's pass.
 */
export function shownReason(reason: string): string {
  const own = PATTERN.exec(reason)?.[1];
  if (own !== undefined) return own;
  const language = LANGUAGE.exec(reason)?.[1];
  return language === "TypeError" || language === "RangeError" || language === "Error"
    ? `an unexpected ${language}: the worker's log says more`
    : "a reason that is not shown here: the worker's log says more";
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
