import { appendFileSync } from "node:fs";
import { RehomeError } from "@rehome/core";
import { logFile } from "./config.js";

export type Verbosity = "quiet" | "normal" | "verbose";

let verbosity: Verbosity = "normal";

/** For the whole process, before a verb begins. */
export function setVerbosity(level: Verbosity): void {
  verbosity = level;
}

export function isQuiet(): boolean {
  return verbosity === "quiet";
}

let logFileOpen = false;
let stdoutOpen = true;

/** To be called when the reader of stdout is gone. */
export function closeStdout(): void {
  stdoutOpen = false;
}

/** False once nobody reads stdout any more. */
export function isStdoutOpen(): boolean {
  return stdoutOpen;
}

/** stdout carries data. */
export function print(text: string, end = "\n"): void {
  if (stdoutOpen) process.stdout.write(`${text}${end}`);
}

export function printJson(document: unknown): void {
  print(JSON.stringify(document));
}

/** stderr carries progress, warnings and hints. */
export function note(text: string): void {
  say(text, verbosity !== "quiet");
}

/** For --verbose only. */
export function detail(text: string): void {
  say(text, verbosity === "verbose");
}

/** Errors are printed even with --quiet. */
export function complain(text: string): void {
  say(text, true);
}

/** To be called first. Throws RehomeError (exit 2) where LOG_FILE cannot be written. */
export function openLogFile(): void {
  if (logFile === null) return;
  try {
    appendFileSync(logFile, "", { mode: 0o600 });
    logFileOpen = true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new RehomeError("log-file", `LOG_FILE cannot be written (${code})`, {
      hint: "Name a file in a folder that exists and may be written to",
      exitCode: 2,
    });
  }
}

/** The log file gets everything. */
function say(text: string, onStderr: boolean): void {
  if (onStderr) process.stderr.write(`${text}\n`);
  if (logFile !== null && logFileOpen)
    appendFileSync(logFile, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
}
