/** Printed on every run, so that a failure can be had again: FAST_CHECK_SEED=… npx vitest run. */
export const seed = Number(process.env.FAST_CHECK_SEED ?? Date.now() % 2 ** 31);

console.log(`FAST_CHECK_SEED=${seed}`);
