import { printable } from "@rehome/core";

/** The longest line of code or comment. */
const WIDTH = 110;

/** Comments, wrapped at words. A name from a database cannot end a comment. */
export function comment(sentences: readonly string[], indent: string): string[] {
  return sentences.flatMap((sentence) =>
    wrap(printable(sentence), WIDTH - indent.length).map((line) => `${indent}// ${line}`),
  );
}

/** `value` as JavaScript, with the comments that `about` has for a path before its entry. */
export function literal(
  value: unknown,
  about: (path: string) => readonly string[],
  indent: string,
  path = "",
): string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const inner = `${indent}  `;
  const lines = entries.flatMap(([key, one]) => {
    const at = path === "" ? key : `${path}.${key}`;
    const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
    return [...comment(about(at), inner), `${inner}${name}: ${literal(one, about, inner, at)},`];
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
