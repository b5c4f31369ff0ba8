export type { ConnectionOptions } from "./on-demand.js";
export type { LoadOptions } from "./script-calls.js";
export type { TargetFacts } from "./inspect.js";
export type { LoadResult } from "./load.js";
export type { TargetMemory } from "./memory.js";
export { openTarget, type Target } from "./target.js";
export { projectBytes } from "./project-bytes.js";
export { describeWay, type WriteWay } from "./write-way.js";
