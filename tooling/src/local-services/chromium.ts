import { existsSync } from "node:fs";
import { installDebian } from "./debian-package.js";
import { findOnPath, installHint, type Machine, thisMachine } from "./machine.js";
import { ServiceUnavailable } from "./service-unavailable.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** A chromium of this machine, else Debian's by apt-get when root. Throws ServiceUnavailable with the command to run. */
export async function findChromium(machine: Machine = thisMachine()): Promise<string> {
  const find = () => {
    for (const name of NAMES) {
      const found = findOnPath(name, machine);
      if (found !== null) return found;
    }
    return existsSync(MAC) ? MAC : null;
  };
  let cause: unknown;
  try {
    const found = find() ?? (await installDebian("chromium", machine, find));
    if (found !== null) return found;
  } catch (error) {
    cause = error;
  }
  throw new ServiceUnavailable(
    "no chromium on PATH",
    installHint({ apt: "chromium", dnf: "chromium", brew: "--cask google-chrome" }),
    cause,
  );
}
