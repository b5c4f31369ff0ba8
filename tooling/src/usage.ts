import { parseArgs } from "node:util";

const HELP = { help: { type: "boolean", short: "h", default: false } } as const;

/** Says how the program is used and ends it: with 0 where that was asked for, else with 2 and the reason. */
export function endWithUsage(usage: string, reason?: string): never {
  if (reason === undefined) process.stdout.write(usage);
  else process.stderr.write(`${reason}\n\n${usage}`);
  process.exit(reason === undefined ? 0 : 2);
}

type Options = Record<string, { readonly type: "string"; readonly default?: string }>;

/** The options that the program was given; undefined where one has no default. */
export function readOptions<T extends Options>(
  usage: string,
  options: T,
): { readonly [name in keyof T]?: string } {
  try {
    const { values } = parseArgs({ options: { ...options, ...HELP } });
    const { help, ...given } = values as Record<string, unknown>;
    if (help === true) endWithUsage(usage);
    return given as { [name in keyof T]?: string };
  } catch (error) {
    return endWithUsage(usage, (error as Error).message);
  }
}
