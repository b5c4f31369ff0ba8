import { RehomeError } from "@rehome/core";
import { CommanderError } from "commander";
import { makeProgram } from "./program.js";

// A reader that has seen enough, as `head` has, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  throw error;
});

try {
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** One line for what was expected: what, where, how to mend it. In full for what was not. Returns the exit code. */
function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RehomeError) {
    process.stderr.write(
      `rehome: ${error.message}${error.hint === null ? "" : `. ${error.hint}`}\n`,
    );
    return error.exitCode;
  }
  process.stderr.write(
    `rehome: unexpected error\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return 1;
}
