import { CUSTOM_STORE, printable } from "@rehome/core";
import type { StoreProposal } from "./store-proposal.js";

const MOST = 5;

/** `laravel in table app.sessions, table auth.login`, a few of them. */
export function listStores(proposals: readonly StoreProposal[]): string {
  const more = proposals.length - MOST;
  return [
    ...proposals
      .slice(0, MOST)
      .map(
        ({ name, table }) =>
          `${name === CUSTOM_STORE ? "" : `${name} in `}table ${printable(table)}`,
      ),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(", ");
}
