/** A table of Markdown from its header and its rows, in columns, as the formatter leaves it. */
export function renderTable([header = [], ...lines]: readonly string[][]): string {
  const widths = header.map((_, i) =>
    Math.max(...[header, ...lines].map((cells) => (cells[i] ?? "").length)),
  );
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [row(header), rule, ...lines.map(row)].join("\n");
}
