import { execFileSync } from "node:child_process";

export interface User {
  uid: number;
  gid: number;
  name: string;
}

/** PostgreSQL refuses to run as root. Null when this process is not root: then it runs as whoever we are. */
export function unprivilegedUser(): User | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    const uid = idOf(name, "-u");
    const gid = idOf(name, "-g");
    if (uid !== null && gid !== null) return { uid, gid, name };
  }
  throw new Error(
    "PostgreSQL cannot run as root, and neither user postgres nor user nobody exists",
  );
}

/** Whether the user can go into the folder, or run the file: asked of the system, so every parent counts. */
export function canReach(user: User, path: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", 'test -x "$1"', "sh", path], {
      cwd: "/",
      uid: user.uid,
      gid: user.gid,
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

function idOf(name: string, which: "-u" | "-g"): number | null {
  try {
    return Number(
      execFileSync("id", [which, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return null;
  }
}
