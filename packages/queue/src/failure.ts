import { makeDescriber, NETWORK_FAILURES, REDIS_FAILURES } from "@rehome/core";

/** An error of ioredis or BullMQ in words fit to be shown; one of our own as it is. */
export const describeQueueFailure = makeDescriber("queue", [REDIS_FAILURES, NETWORK_FAILURES]);
