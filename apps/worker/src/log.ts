import { RehomeError } from "@rehome/core";
import { destination, type Logger, multistream, pino } from "pino";

/**
 * Structured logs on stderr, and in a file as well when one is named. What is logged of an error is what is
 * fit to be shown: never its cause, which may be a driver's and hold session ids.
 */
export function openLog(options: { level: string; file: string | null; name: string }): Logger {
  const stderr = { level: "trace", stream: destination({ fd: 2, sync: true }) } as const;
  const file =
    options.file === null
      ? []
      : [
          {
            level: "trace",
            stream: destination({ dest: options.file, sync: true, mkdir: true }),
          } as const,
        ];
  return pino(
    { level: options.level, base: { worker: options.name }, serializers: { err: describeError } },
    multistream([stderr, ...file]),
  );
}

function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof RehomeError)
    return { code: error.code, message: error.message, hint: error.hint };
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
