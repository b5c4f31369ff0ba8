import {
  CONFLICT_POLICIES,
  DEFAULT_CHUNK_SIZE,
  DEFAULT_SAMPLE,
  defaultMapping,
  MAX_CHUNK_SIZE,
  VERIFY_MODES,
} from "@rehome/core";
import tab from "@bomb.sh/tab/commander";
import { Command, InvalidArgumentError, Option } from "commander";
import { cancel, type ControlOptions, forget, pause, resume, retry } from "./commands/control.js";
import { plan } from "./commands/plan.js";
import { rejects } from "./commands/rejects.js";
import { seed } from "./commands/seed.js";
import { start, type StartOptions } from "./commands/start.js";
import { runs, status } from "./commands/status.js";
import { verify, type VerifyOptions } from "./commands/verify.js";
import { finishHelp } from "./help.js";
import { setVerbosity } from "./output.js";

/** The verbs and their options. Each action gives the exit code. */
export function makeProgram(): Command {
  const program = new Command("rehome")
    .description(
      "Moves user sessions out of a relational database and into Redis, without logging anyone out.",
    )
    .version("0.1.0")
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, "rehome: ").replaceAll("\n(", " (")),
    })
    .addHelpText(
      "after",
      "\nSOURCE_URL, TARGET_URL and QUEUE_URL are read from the environment only.\nRUN defaults to the newest run.",
    );

  program
    .command("seed")
    .description("create the reference schema in the source and fill it, reproducibly")
    .addOption(new Option("--users <n>", "users to create").default(20_000).argParser(whole(1)))
    .addOption(
      new Option("--sessions <n>", "sessions to create").default(100_000).argParser(whole(0)),
    )
    .addOption(new Option("--seed <n>", "same seed, same sessions").default(1).argParser(whole(0)))
    .option("--reset", "empty the tables first, if they were seeded by rehome")
    .option("--json", "print one JSON document")
    .action(ending((options: Parameters<typeof seed>[0]) => seed(options)));

  program
    .command("start")
    .description("preflight, plan and enqueue a run; prints its id")
    .addOption(chunkSizeOption())
    .addOption(
      new Option("--on-conflict <policy>", "what happens to a session the target already holds")
        .env("REHOME_ON_CONFLICT")
        .choices(CONFLICT_POLICIES)
        .default("newer"),
    )
    .addOption(
      new Option("--max-rate <n>", "sessions per second over all workers")
        .env("REHOME_MAX_RATE")
        .argParser(whole(1)),
    )
    .addOption(
      new Option(
        "--max-rejects <n>",
        "stop the run beyond so many rejects, 0 for at the first; by default 1 % of the sessions, at least 1,000",
      )
        .env("REHOME_MAX_REJECTS")
        .argParser(whole(0)),
    )
    .option("--wait", "show progress until the run has ended")
    .option("--json", "print one JSON document")
    .action(ending((options: StartOptions) => start(options)));

  program
    .command("status")
    .argument("[run]")
    .description("where a run stands")
    .option("--watch", "follow it until it ends")
    .option("--json", "print one JSON document")
    .action(
      ending((run: string | undefined, options: { watch?: boolean; json?: boolean }) =>
        status(run, options),
      ),
    );

  program
    .command("runs")
    .description("every run, newest first")
    .option("--json", "print one JSON document")
    .action(ending((options: { json?: boolean }) => runs(options)));

  program
    .command("rejects")
    .argument("[run]")
    .description("the sessions that were rejected, by fingerprint, and why")
    .option("--json", "print one JSON document")
    .action(
      ending((run: string | undefined, options: { json?: boolean }) => rejects(run, options)),
    );

  program
    .command("verify")
    .argument("[run]")
    .description("compare source and target")
    .addOption(
      new Option("--mode <mode>", "how thoroughly").choices(VERIFY_MODES).default("sample"),
    )
    .addOption(
      new Option("--sample <n>", "sessions to compare").default(DEFAULT_SAMPLE).argParser(whole(1)),
    )
    .option("--json", "print one JSON document")
    .action(ending((run: string | undefined, options: VerifyOptions) => verify(run, options)));

  program
    .command("plan")
    .description("a dry run: what a run would do; writes nothing")
    .addOption(chunkSizeOption())
    .option("--json", "print one JSON document")
    .action(
      ending((options: { chunkSize: number; json?: boolean }) =>
        plan({ ...options, mapping: defaultMapping }),
      ),
    );

  addControl(program);
  finishHelp(program);
  program.hook("preAction", (_program, command) => {
    const { quiet, verbose } = command.opts<{ quiet?: boolean; verbose?: boolean }>();
    setVerbosity(quiet ? "quiet" : verbose ? "verbose" : "normal");
  });
  tab(program, { completionCommandName: "completion" });
  return program;
}

/** The verbs that change a run. */
function addControl(program: Command): void {
  const verbs = [
    ["pause", "start no new batch on any worker", pause],
    ["resume", "go on, also with a plan that was interrupted", resume],
    ["cancel", "end the run; what was written stays", cancel],
  ] as const;
  for (const [name, description, verb] of verbs) {
    program
      .command(name)
      .argument("[run]")
      .description(description)
      .option("--json", "print one JSON document")
      .action(ending((run: string | undefined, options: ControlOptions) => verb(run, options)));
  }
  program
    .command("retry")
    .argument("[run]")
    .description("try again exactly the sessions that were rejected and the chunks that failed")
    .option("--wait", "show progress until the run has ended")
    .option("--json", "print one JSON document")
    .action(ending((run: string | undefined, options: ControlOptions) => retry(run, options)));
  program
    .command("forget")
    .argument("<run>")
    .description("delete a run's ledger; its bounds and rejects are credentials")
    .option("--json", "print one JSON document")
    .action(ending((run: string, options: ControlOptions) => forget(run, options)));
}

function chunkSizeOption(): Option {
  return new Option("--chunk-size <n>", "sessions in a chunk")
    .env("REHOME_CHUNK_SIZE")
    .default(DEFAULT_CHUNK_SIZE)
    .argParser(whole(1, MAX_CHUNK_SIZE));
}

function ending<Args extends unknown[]>(
  action: (...args: Args) => Promise<number>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    process.exitCode = await action(...args);
  };
}

function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `It must be a whole number from ${min}.`
          : `It must be a whole number from ${min} to ${max}.`,
      );
    }
    return value;
  };
}
