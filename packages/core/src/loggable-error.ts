import { RehomeError } from "./error.js";

/** What may be logged of an error: never its cause, which may be a driver's and hold session ids. */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof RehomeError) {
    const { code, message, hint } = error;
    return { code, message, hint, ...(error.meaning === "unexpected" && { stack: frames(error) }) };
  }
  return { message: safeMessage(error), stack: error instanceof Error ? frames(error) : undefined };
}

/** A syntax error quotes what it could not read; every other error of the language speaks of code alone. */
export function safeMessage(error: unknown): string {
  if (error instanceof RehomeError) return error.message;
  if (error instanceof SyntaxError || !(error instanceof Error)) return "unexpected error";
  return `${error.name}: ${error.message}`;
}

function frames(error: Error): string {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
