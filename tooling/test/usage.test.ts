import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const run = async (program: string, ...args: string[]) =>
  await execa(
    process.execPath,
    [fileURLToPath(new URL(`../dist/${program}/main.js`, import.meta.url)), ...args],
    { reject: false },
  );

it.each(["chaos", "hostile"])("npm run %s says how it is used", async (program) => {
  const asked = await run(program, "--help");
  expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
  expect(asked.stdout).toMatch(new RegExp(`^usage: npm run ${program} `));
  for (const [args, reason] of [
    [["--nonsense"], /^Unknown option '--nonsense'/],
    [["--seed", "x"], /^--seed must be a whole number\n\nusage: /],
  ] as const) {
    const refused = await run(program, ...args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toMatch(reason);
    expect(refused.stderr).toContain(`usage: npm run ${program} `);
    expect(refused.stderr).not.toContain("    at ");
  }
});
