import { messageWithHint, RehomeError } from "@rehome/core";
import { CommanderError } from "commander";
import { closeStdout, complain, openLogFile } from "./output.js";
import { makeProgram } from "./program.js";

// A reader that closes the pipe early, as `head` does, is no error, and no reason to stop halfway.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (stream === process.stdout) closeStdout();
  });
}

try {
  openLogFile();
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** An expected error takes one line: what, where, how to mend it. Any other is shown in full. Returns the exit code. */
function report(error: unknown): number {
  // Commander has printed it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RehomeError) {
    complain(`rehome: ${messageWithHint(error)}`);
    return error.exitCode;
  }
  complain(`rehome: unexpected error\n${error instanceof Error ? error.stack : String(error)}`);
  return 1;
}
