import { describeError } from "@rehome/core";
import { destination, type Logger, multistream, pino } from "pino";

/** Structured logs on stderr, and in a file as well when one is named. It holds names and addresses: nobody else may read it. */
export function openLog(file: string | null): Logger {
  const stderr = { stream: destination({ fd: 2, sync: true }) };
  const files =
    file === null
      ? []
      : [{ stream: destination({ dest: file, sync: true, mkdir: true, mode: 0o600 }) }];
  return pino({ serializers: { err: describeError } }, multistream([stderr, ...files]));
}
