/** stdout carries data. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(document: unknown): void {
  print(JSON.stringify(document));
}

/** stderr carries progress, warnings and hints. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
