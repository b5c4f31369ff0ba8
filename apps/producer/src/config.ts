import { parseConnectionUrl } from "@rehome/core";

/**
 * Connection URLs come from the environment only, since flags show in process lists. Each is read when a
 * command needs it. Throws RehomeError (exit 2).
 */
export const urls = {
  source: () =>
    parseConnectionUrl("SOURCE_URL", process.env["SOURCE_URL"], ["postgres:", "postgresql:"]),
  target: () => parseConnectionUrl("TARGET_URL", process.env["TARGET_URL"], ["redis:", "rediss:"]),
  queue: () => parseConnectionUrl("QUEUE_URL", process.env["QUEUE_URL"], ["redis:", "rediss:"]),
};

/** Progress is animated only where someone watches it. */
export const terminal = {
  animated:
    process.stderr.isTTY === true &&
    process.env["CI"] === undefined &&
    process.env["TERM"] !== "dumb",
};
