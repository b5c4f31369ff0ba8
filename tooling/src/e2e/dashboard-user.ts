import { randomBytes } from "node:crypto";
import { runProgram } from "../programs.js";

/** Someone who may sign in to a dashboard that is given their entry. */
export interface DashboardUser {
  readonly name: string;
  readonly password: string;
  /** Of REHOME_DASHBOARD_USERS. */
  readonly entry: string;
}

/** With a password of its own, hashed as an operator would hash it. */
export async function makeUser(name: string, role: "viewer" | "operator"): Promise<DashboardUser> {
  const password = randomBytes(9).toString("base64url");
  const args = ["hash-password", "--user", name, "--role", role];
  const { code, stdout, stderr } = await runProgram(
    "rehome-dashboard",
    args,
    {},
    { input: password },
  );
  if (code !== 0) throw new Error(`rehome-dashboard hash-password exited with ${code}: ${stderr}`);
  return { name, password, entry: stdout.trim() };
}
