import type { ChainableCommander, Redis } from "ioredis";
import { describeQueueFailure } from "./failure.js";

declare const described: unique symbol;

/**
 * The ledger's client. What its methods reject with is fit to be shown: ioredis attaches the command to its errors, and
 * among a command's arguments are session ids. The mark keeps a bare client from being used for the ledger by mistake.
 */
export type LedgerRedis = Redis & { readonly [described]: true };

export function ledgerRedis(client: Redis): LedgerRedis {
  return describing(client) as LedgerRedis;
}

/** The same client or queue, but every error that its methods give is described; in transactions and pipelines as well. */
export function describing<T extends object>(client: T): T {
  const proxy: T = new Proxy(client, {
    get: (_, property) => {
      const member: unknown = Reflect.get(client, property, client);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, client, args);
        // A transaction's commands return the transaction.
        if (result === client) return proxy;
        if (property === "multi" || property === "pipeline") return describing(result as object);
        if (!(result instanceof Promise)) return result;
        return property === "exec" ? result.then(describeResults, rethrow) : result.catch(rethrow);
      };
    },
  });
  return proxy;
}

type Results = [error: Error | null, reply: unknown][] | null;

/** In the results of a transaction or a pipeline a command's error is a value. */
function describeResults(results: Results): [error: unknown, reply: unknown][] | null {
  return results?.map(([error, reply]) => [describeQueueFailure(error), reply]) ?? null;
}

/** The replies to the commands of a transaction, in order; rejects with the first error among them. */
export async function replies(transaction: ChainableCommander): Promise<unknown[]> {
  const results = (await transaction.exec()) ?? [];
  return results.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

function rethrow(error: unknown): never {
  throw describeQueueFailure(error);
}
