import { RehomeError } from "./error.js";
import { FAILURE_MEANINGS, type FailureMeaning } from "./failure-meaning.js";

/** Which server a driver's error came from. */
export type Side = "source" | "target" | "queue";

/** The server serves nobody as it is: whoever needs it waits, however long that takes. */
export const AWAY = { retryable: true, unavailable: true } as const;
/** This piece of work met something that may pass. */
export const LATER = { retryable: true, unavailable: false } as const;
export const NEVER = { retryable: false, unavailable: false } as const;
type Remedy = typeof AWAY | typeof LATER | typeof NEVER;

/** What is known of a failure: what can help, what it means, how to mend it. */
export type KnownFailure = readonly [remedy: Remedy, meaning: FailureMeaning, hint?: string];

/** What an adapter knows of its driver's errors and its server's codes. */
export interface FailureTable {
  /**
   * The code of an error of this driver, from its properties or from words it always uses; null where it has none. A
   * code that `lookUp` does not know is the server's refusal of a command.
   */
  codeOf(error: Error): string | null;
  lookUp(code: string): KnownFailure | undefined;
  /** Whether the driver made this error, so that its message and properties may hold data. */
  isDriverError(error: Error): boolean;
}

const REFUSED: KnownFailure = [NEVER, "refused"];
/** A worker tries it again as often as any chunk: nobody knows that it cannot help. */
const UNEXPECTED: KnownFailure = [LATER, "unexpected"];

/** What Node's and every driver's codes look like; anything else could be a server's own text. */
const CODE = /^[A-Z0-9][A-Z0-9_]{1,39}$/;

/**
 * Puts the errors of one side's driver into words fit to be shown: message, detail and command may hold session ids or
 * personal data, so nothing of them is passed on but the code. What no table knows is hidden, as `unknown`. Only errors
 * of our own code are returned as they are, so that the log can name them: those without a code that no driver made.
 */
export function makeDescriber(
  side: Side,
  tables: readonly FailureTable[],
  unknown: KnownFailure = UNEXPECTED,
): (error: unknown) => unknown {
  return (error) => {
    if (error instanceof RehomeError || !(error instanceof Error)) return error;
    const code = findCode(tables, error);
    if (code !== null) {
      const failure = known(tables, code);
      return failure === undefined ? refused(side, code, error) : describe(side, code, failure);
    }
    const chain = [...withCauses(error)];
    if (chain.every((one) => isOurs(tables, one))) return error;
    const shown = chain.map(ownCode).find((one) => one !== null && CODE.test(one)) ?? null;
    return withFramesOf(error, describe(side, shown, unknown));
  };
}

function describe(
  side: Side,
  code: string | null,
  [remedy, meaning, hint]: KnownFailure,
): RehomeError {
  const suffix = code === null ? "" : ` (${code})`;
  return new RehomeError(
    `${side}-${code ?? "unexpected"}`,
    `${side}: ${FAILURE_MEANINGS[meaning]}${suffix}`,
    { ...remedy, meaning, ...(hint === undefined ? {} : { hint }) },
  );
}

/** Names the command, where the driver tells it: its name holds no data, its arguments would. */
function refused(side: Side, code: string, error: Error): RehomeError {
  const described = describe(side, code, REFUSED);
  const command = commandOf(error);
  if (command === null) return described;
  return new RehomeError(described.code, `${side}: the server refused ${command} (${code})`, {
    ...NEVER,
    meaning: "refused",
    hint:
      command === "SELECT"
        ? "Check the number of the database in the URL"
        : `Check that the URL leads to a single server that knows ${command}, and allows it`,
  });
}

function commandOf(error: Error): string | null {
  const command = "command" in error ? error.command : null;
  if (typeof command !== "object" || command === null || !("name" in command)) return null;
  const { name } = command;
  return typeof name === "string" && /^[a-z]{2,20}$/i.test(name) ? name.toUpperCase() : null;
}

/** The outermost error that a table has a code for decides. */
function findCode(tables: readonly FailureTable[], error: Error): string | null {
  for (const one of withCauses(error)) {
    for (const table of tables) {
      const code = table.codeOf(one);
      if (code !== null) return code;
    }
  }
  return null;
}

function known(tables: readonly FailureTable[], code: string): KnownFailure | undefined {
  for (const table of tables) {
    const found = table.lookUp(code);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The error, then what caused it; the first one where there are several. */
function* withCauses(error: Error): Generator<Error> {
  const seen = new Set<unknown>();
  let next: unknown = error;
  while (next instanceof Error && !seen.has(next)) {
    yield next;
    seen.add(next);
    next = next instanceof AggregateError ? next.errors[0] : next.cause;
  }
}

/** Node gives what was aborted on our own signal a code as well. */
function isOurs(tables: readonly FailureTable[], error: Error): boolean {
  if (error instanceof RehomeError) return true;
  const code = ownCode(error);
  return (code === null || code === "ABORT_ERR") && !tables.some((t) => t.isDriverError(error));
}

function ownCode(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Where it happened is code alone, and all there is to find an unexpected failure by. */
function withFramesOf(error: Error, described: RehomeError): RehomeError {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  described.stack = [`${described.name}: ${described.message}`, ...frames].join("\n");
  return described;
}
