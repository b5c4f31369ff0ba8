import { messageWithHint, RehomeError } from "@rehome/core";
import { CommanderError } from "commander";
import { closeStdout, complain, openLogFile } from "./output.js";
import { makeProgram } from "./program.js";

// A reader that has seen enough, as `head` has, is no error, and no reason to leave work half done.
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

/** One line for what was expected: what, where, how to mend it. In full for what was not. Returns the exit code. */
function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RehomeError) {
    complain(`rehome: ${messageWithHint(error)}`);
    return error.exitCode;
  }
  complain(`rehome: unexpected error\n${error instanceof Error ? error.stack : String(error)}`);
  return 1;
}
