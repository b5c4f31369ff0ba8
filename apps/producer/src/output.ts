export type Verbosity = "quiet" | "normal" | "verbose";

let verbosity: Verbosity = "normal";

/** For the whole process, before a verb begins. */
export function setVerbosity(level: Verbosity): void {
  verbosity = level;
}

export function isQuiet(): boolean {
  return verbosity === "quiet";
}

let stdoutOpen = true;

/** Nobody reads what is printed any more. */
export function closeStdout(): void {
  stdoutOpen = false;
}

/** False once there is no use in printing on. */
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
  if (verbosity !== "quiet") process.stderr.write(`${text}\n`);
}

/** What only someone who asked for more wants to read. */
export function detail(text: string): void {
  if (verbosity === "verbose") process.stderr.write(`${text}\n`);
}
