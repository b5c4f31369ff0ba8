// Preloaded into one of our programs (`node --import`): writes the steps it comes by into a file, or sends it a signal at
// one of them. Plain JavaScript outside src, so that its path is the same from src and from dist.
//
//   REHOME_FAILPOINT="before:load SIGKILL 2"   at the second time that the step "load" begins
//   REHOME_STEPS_FILE=/tmp/steps               one line for each: before:load, after:load …
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";

const { REHOME_FAILPOINT = "", REHOME_STEPS_FILE = "" } = process.env;
const [point, signal, time = "1"] = REHOME_FAILPOINT.split(" ");
let times = 0;

function pass(here) {
  if (REHOME_STEPS_FILE !== "") appendFileSync(REHOME_STEPS_FILE, `${here}\n`);
  if (here !== point) return;
  times += 1;
  if (times === Number(time)) process.kill(process.pid, signal);
}

subscribe("tracing:rehome:step:start", ({ name }) => pass(`before:${name}`));
subscribe("tracing:rehome:step:asyncEnd", ({ name }) => pass(`after:${name}`));
