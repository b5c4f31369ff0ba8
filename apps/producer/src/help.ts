import type { Command } from "commander";

/** By verb; the empty name is `rehome` itself. */
const EXAMPLES: Readonly<Record<string, readonly (readonly [command: string, does: string])[]>> = {
  "": [
    ["rehome init", "write a config for the store that the source holds"],
    ["rehome plan", "look first"],
    ["rehome start --wait", "migrate, with a progress bar"],
    ["rehome verify", "compare a sample of both sides"],
  ],
  seed: [
    ["rehome seed", "20,000 users and 100,000 sessions"],
    ["rehome seed --sessions 1000000 --reset", "a million, in place of the last ones"],
  ],
  plan: [
    ["rehome plan", "counts, chunks, memory, and what would be rejected"],
    ["rehome plan --json | jq .sessions", "for a script"],
  ],
  start: [
    ["rehome start --wait", "wait until it has ended"],
    ["rehome start --max-rate 2000 --max-rejects 0", "slowly, and stop at the first reject"],
    [
      "rehome start --on-conflict keep",
      "change nothing that Redis holds; what was deleted there comes back",
    ],
  ],
  status: [
    ["rehome status --watch", "follow the newest run"],
    ["rehome status 20261123-183856-k3f9 --json", "one run, for a script"],
  ],
  runs: [["rehome runs", "every run, newest first"]],
  rejects: [
    ["rehome rejects", "grouped by code, ids as fingerprints"],
    ["rehome rejects --json | jq 'group_by(.code) | map(length)'", "for a script"],
  ],
  verify: [
    ["rehome verify --sample 10000", "compare 10,000 sessions field by field"],
    ["rehome verify --mode count", "check that every session is there, and nothing else"],
  ],
  pause: [["rehome pause", "no new batch starts on any worker"]],
  resume: [["rehome resume", "continue where it stopped"]],
  cancel: [["rehome cancel", "end the newest run; what was written stays"]],
  retry: [["rehome retry --wait", "once the cause is mended"]],
  config: [["rehome config", "every option, its value, and where that comes from"]],
  stores: [
    ["rehome stores", "the presets, and what the database seems to hold"],
    ["rehome stores --json | jq '.[] | select(.detected).name'", "for a script"],
  ],
  init: [
    ["rehome init", "write rehome.config.ts for the store in SOURCE_URL"],
    ["rehome init --format json --force", "as JSON, in place of the existing file"],
  ],
  forget: [["rehome forget 20261123-183856-k3f9", "delete its ledger"]],
};

/** Examples at the end of every `--help`, and the options that every verb has. */
export function finishHelp(program: Command): void {
  addExamples(program, "");
  for (const command of program.commands) {
    addExamples(command, command.name());
    command
      .option("-q, --quiet", "print only errors on stderr")
      .option("-v, --verbose", "print more on stderr");
  }
}

function addExamples(command: Command, verb: string): void {
  const examples = EXAMPLES[verb];
  if (examples === undefined) return;
  const width = Math.max(...examples.map(([text]) => text.length));
  const lines = examples.map(([text, does]) => `  ${text.padEnd(width)}  ${does}`);
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}
