export type Verbosity = "quiet" | "normal" | "verbose";

let verbosity: Verbosity = "normal";

/** For the whole process, before a verb begins. */
export function setVerbosity(level: Verbosity): void {
  verbosity = level;
}

export function isQuiet(): boolean {
  return verbosity === "quiet";
}

/** stdout carries data. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
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
