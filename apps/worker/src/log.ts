import { describeError } from "@rehome/core";
import { destination, type Logger, multistream, pino } from "pino";

/** Structured logs on stderr, and in a file as well when one is named, which nobody else may read. */
export function openLog(options: { level: string; file: string | null; name: string }): Logger {
  const stderr = { level: "trace", stream: destination({ fd: 2, sync: true }) } as const;
  const file =
    options.file === null
      ? []
      : [
          {
            level: "trace",
            stream: destination({ dest: options.file, sync: true, mkdir: true, mode: 0o600 }),
          } as const,
        ];
  return pino(
    { level: options.level, base: { worker: options.name }, serializers: { err: describeError } },
    multistream([stderr, ...file]),
  );
}
