import type { Environment } from "../programs.js";

/** The same two steps up from src/e2e and from dist/e2e. */
const PRELOADED = new URL("../../bin/failpoint.js", import.meta.url).href;

/**
 * Makes a program send itself a signal when it comes by a point, such as `before:load`, for the `time`-th
 * time.
 */
export function failAt(point: string, signal: "SIGKILL" | "SIGSTOP", time = 1): Environment {
  return {
    NODE_OPTIONS: `--import ${PRELOADED}`,
    REHOME_FAILPOINT: `${point} ${signal} ${time}`,
  };
}

/** Makes a program write the points it comes by into a file, one a line. */
export function writeSteps(file: string): Environment {
  return { NODE_OPTIONS: `--import ${PRELOADED}`, REHOME_STEPS_FILE: file };
}
