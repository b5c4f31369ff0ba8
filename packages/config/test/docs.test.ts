import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PRESETS } from "@rehome/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openConfig } from "../src/index.js";

const STORES = "docs/stores.md";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rehome-docs-"));
});

afterAll(async () => await rm(folder, { recursive: true }));

function urlOf(page: string): URL {
  return new URL(`../../../${page}`, import.meta.url);
}

async function readPage(page: string): Promise<string> {
  return await readFile(urlOf(page), "utf8");
}

/** A fenced block that is a whole config file, and the line on which it begins. */
interface Example {
  readonly line: number;
  readonly extension: string;
  readonly text: string;
}

function examplesIn(markdown: string): Example[] {
  return [...markdown.matchAll(/^```(js|ts)\n(export default [\s\S]*?)^```$/gm)].map((match) => {
    const [, extension = "", text = ""] = match;
    return { line: markdown.slice(0, match.index).split("\n").length + 1, extension, text };
  });
}

describe.each(["README.md", STORES])("%s", (page) => {
  it("shows no config that would be refused", async () => {
    const examples = examplesIn(await readPage(page));
    expect(examples).not.toEqual([]);
    for (const { line, extension, text } of examples) {
      const file = join(folder, `line-${line}.${extension}`);
      await writeFile(file, text);
      expect((await openConfig(file, {})).given, `line ${line}`).not.toEqual({});
    }
  });

  it("links to no file and no heading that is not there", async () => {
    const markdown = await readPage(page);
    for (const [, target = ""] of markdown.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? urlOf(page) : new URL(path, urlOf(page));
      expect(existsSync(file), target).toBe(true);
      if (anchor === undefined) continue;
      const text = await readFile(file, "utf8");
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => slug(heading));
      expect(headings, target).toContain(anchor);
    }
  });
});

/** A heading's anchor, as GitHub makes it. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

describe.each(PRESETS)(`the section of $name in ${STORES}`, ({ name, defaults, needs }) => {
  it("has a row in the table of presets, an example and every option", async () => {
    const markdown = await readPage(STORES);
    expect(markdown).toContain(`| [\`${name}\`](#${name})`);
    const section = new RegExp(`^### ${name}\n([^]*?)^##`, "m").exec(markdown)?.[1] ?? "";
    expect(examplesIn(section).some(({ text }) => text.includes(`"${name}"`))).toBe(true);
    const options = /^Options: [^]*?\n\n/m.exec(section)?.[0];
    for (const option of [...Object.keys(defaults), ...needs])
      expect(options).toContain(`\`${option}\``);
  });
});
