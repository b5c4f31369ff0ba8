import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { ROLES, USERS_VARIABLE } from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { Command, Option } from "commander";
import { hashPassword, LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./login/password.js";

/** `rehome-dashboard hash-password`: the hash of a password that is asked for, or comes from stdin, on stdout. */
export async function hashPasswordCommand(argv: readonly string[]): Promise<void> {
  const command = new Command("rehome-dashboard hash-password")
    .description("Hashes a password with argon2id, for a user of the dashboard.")
    .option("--user <name>", `prints a whole entry of ${USERS_VARIABLE}, name:role:hash`)
    .addOption(new Option("--role <role>", "the user's role").choices(ROLES).default("viewer"))
    .addHelpText("after", "\nThe password is asked for, or read from stdin: never from a flag.")
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv, { from: "user" });
  const { user, role } = command.opts<{ user?: string; role: string }>();
  const password = process.stdin.isTTY ? await ask() : await readAll();
  if (password.length < SHORTEST_PASSWORD || password.length > LONGEST_PASSWORD) {
    throw new RehomeError(
      "bad-password",
      `a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters`,
      { exitCode: 2 },
    );
  }
  const hash = await hashPassword(password);
  process.stdout.write(`${user === undefined ? hash : `${user}:${role}:${hash}`}\n`);
}

/** Shows nothing of what is typed. */
async function ask(): Promise<string> {
  process.stderr.write("Password: ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await prompt.question("");
  } finally {
    prompt.close();
    process.stderr.write("\n");
  }
}

async function readAll(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces)
    .toString()
    .replace(/\r?\n$/, "");
}
