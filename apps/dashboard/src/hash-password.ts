import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { assertUserName, makeProgram, ROLES, USERS_VARIABLE } from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { hashPassword, LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./login/password.js";

/** `rehome-dashboard hash-password`: asks for a password, or reads it from stdin, and prints its hash. */
export async function hashPasswordCommand(argv: readonly string[]): Promise<void> {
  const program = makeProgram("rehome-dashboard hash-password", {
    description: "Hashes a password with argon2id, for a user of the dashboard.",
    help: "Asks for the password, or reads it from stdin. It is never a flag.",
  }).option("--user <name>", `print a whole entry for ${USERS_VARIABLE}, name:role:hash`);
  const roleOption = program.createOption("--role <role>", "the user's role");
  program.addOption(roleOption.choices(ROLES).default("viewer")).parse(argv, { from: "user" });
  const { user, role } = program.opts<{ user?: string; role: string }>();
  if (user !== undefined) assertUserName(user);
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

/** Does not show what is typed. */
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
