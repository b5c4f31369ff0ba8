import { setFlagsFromString } from "node:v8";

/*
 * Sessions pass through as bytes and leave little to the collector of garbage: where its young generation does not
 * grow, it looks more often, and what has been read and is done with goes at once. With sessions of 10 MB that is a
 * tenth of a worker's memory, and takes no time that could be measured.
 */
setFlagsFromString("--semi-space-growth-factor=1");
