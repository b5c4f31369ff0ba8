import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The same two steps up from src/e2e and from dist/e2e. */
const PAGE = fileURLToPath(new URL("../../e2e/RESULTS.md", import.meta.url));

const HEAD = "# What long runs did to a migration, and what came of it\n";

/** Puts the results of a run into its section of RESULTS.md, in place of those of the last one. */
export async function recordResults(title: string, body: string): Promise<void> {
  const page = await readFile(PAGE, "utf8").catch(() => HEAD);
  const [head = HEAD, ...sections] = page.split(/^(?=## )/m);
  const section = `## ${title}\n\n${body.trim()}\n`;
  const others = sections.filter((each) => !each.startsWith(`## ${title}\n`));
  const all = [head, ...[...others, section].toSorted((a, b) => (a < b ? -1 : 1))];
  await writeFile(PAGE, `${all.map((part) => part.trim()).join("\n\n")}\n`);
}
