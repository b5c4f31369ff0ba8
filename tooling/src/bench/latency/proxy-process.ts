import { startDistantServer } from "../../tcp-proxy/index.js";

// A process of its own, lest a busy benchmark hold up what passes through, or the other way round. Arguments: a server's
// port, then round trips in milliseconds. Tells its parent the ports at which the server is so far away, and lives until
// the parent goes.
const [port, ...roundTrips] = process.argv.slice(2).map(Number);
const servers = await Promise.all(roundTrips.map((ms) => startDistantServer(port ?? 0, ms)));
process.once("disconnect", () => process.exit());
process.send?.(servers.map((server) => server.port));
