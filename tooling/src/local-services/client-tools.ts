import { installDebian } from "./debian-package.js";
import { findOnPath, installHint, type Machine, thisMachine } from "./machine.js";
import { ServiceUnavailable } from "./service-unavailable.js";

const PACKAGES = {
  psql: { apt: "postgresql-client", dnf: "postgresql", brew: "libpq && brew link --force libpq" },
  "redis-cli": { apt: "redis-tools", dnf: "redis", brew: "redis" },
} as const;

/** The servers' own command-line clients; Debian's by apt-get when root. Throws ServiceUnavailable with the command to run. */
export async function findClientTool(
  name: keyof typeof PACKAGES,
  machine: Machine = thisMachine(),
): Promise<string> {
  const find = () => findOnPath(name, machine);
  const found =
    find() ?? (await installDebian(PACKAGES[name].apt, machine, find).catch(() => null));
  if (found !== null) return found;
  throw new ServiceUnavailable(`${name} was not found`, installHint(PACKAGES[name]));
}
