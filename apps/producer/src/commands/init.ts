import { writeFile } from "node:fs/promises";
import { CONFIG_FILES } from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { existsSync } from "node:fs";
import { exampleConfig, type Format, FORMATS } from "../example-config.js";
import { note, printJson } from "../output.js";

export interface InitOptions {
  format?: Format;
  force?: boolean;
  json?: boolean;
}

/** Writes an example of a config file to the path named, or to the current directory. */
export async function init(named: string | undefined, options: InitOptions): Promise<number> {
  const format = options.format ?? FORMATS.find((end) => named?.endsWith(`.${end}`)) ?? "ts";
  const file = named ?? `rehome.config.${format}`;
  if (!file.endsWith(`.${format}`)) {
    throw new RehomeError("wrong-format", `${file} would not be read as ${format}`, {
      hint: `Name a file that ends in .${format}, or choose another --format`,
      exitCode: 2,
    });
  }
  refuseSecond(file);
  await writeFile(file, exampleConfig(format), { flag: options.force ? "w" : "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") {
        throw new RehomeError("file-exists", `${file} exists`, {
          hint: "Replace it with: rehome init --force",
        });
      }
      throw new RehomeError("cannot-write", `${file} cannot be written (${error.code})`);
    },
  );
  if (options.json) printJson({ file });
  else note(`wrote ${file}; see what it comes to with: rehome config`);
  return 0;
}

/** Of two files in one directory neither would be read. */
function refuseSecond(file: string): void {
  if (!CONFIG_FILES.some((name) => name === file)) return;
  const other = CONFIG_FILES.find((name) => name !== file && existsSync(name));
  if (other === undefined) return;
  throw new RehomeError("file-exists", `${other} exists, and two config files are refused`, {
    hint: `Remove it, or write its own format with: rehome init --force --format ${other.split(".").at(-1)}`,
  });
}
