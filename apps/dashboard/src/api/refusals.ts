import { USERS_VARIABLE } from "@rehome/config";
import { refused } from "./answer.js";

/** What is answered before anything is done. */
export const notFound = refused(404, "not-found", "there is no such page");
export const unreadable = refused(400, "bad-request", "the request cannot be read");
export const notSignedIn = refused(401, "not-signed-in", "sign in first");
export const viewersLook = refused(403, "viewer", "a viewer may look, and change nothing");
export const noToken = refused(403, "no-token", "the request does not come with the page's token");
export const otherOrigin = refused(
  403,
  "other-origin",
  "the request does not come from this page: behind a proxy, --origin must name what browsers ask for",
);
export const wrongHost = refused(
  421,
  "wrong-host",
  "without users, the dashboard answers to loopback names alone",
);
export const proxied = refused(
  403,
  "proxied",
  "without users, the dashboard answers to no proxy: it would make an operator of everybody",
  `Name who may sign in, in ${USERS_VARIABLE} or the config file, or reach it through a tunnel: ssh -L 3000:127.0.0.1:3000 HOST`,
);
export const noMetrics = refused(
  403,
  "no-metrics",
  "metrics need their token, or loopback without a proxy",
  "Set REHOME_DASHBOARD_METRICS_TOKEN, and send it as bearer token",
);
