import tab from "@bomb.sh/tab/commander";
import { CONFIG_FLAG, SECTIONS, withFlags } from "@rehome/config";
import { Command, Option } from "commander";
import { applyConfigFile } from "./apply-config-file.js";
import type { ControlOptions } from "./commands/control.js";
import type { InitOptions } from "./commands/init.js";
import type { PlanOptions } from "./commands/plan.js";
import type { SeedOptions } from "./commands/seed.js";
import type { StartOptions } from "./commands/start.js";
import type { VerifyOptions } from "./commands/verify.js";
import { FORMATS } from "./example-config.js";
import { finishHelp } from "./help.js";
import { setVerbosity } from "./output.js";

/**
 * The verbs and their options. Each action returns the exit code, and imports its code only when it acts, so that help,
 * completion and mistakes in the options are answered at once.
 */
export function makeProgram(): Command {
  const program = new Command("rehome")
    .description(
      "Moves user sessions out of a relational database and into Redis, without logging anyone out.",
    )
    .version("0.1.0")
    .addOption(CONFIG_FLAG)
    .hook("preAction", applyConfigFile)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, "rehome: ").replaceAll("\n(", " (")),
    })
    .addHelpText(
      "after",
      "\nSOURCE_URL, TARGET_URL and QUEUE_URL are read from the environment only.\nRUN defaults to the newest run.",
    );

  withFlags(program.command("seed"), "seed")
    .description("create the reference schema in the source and fill it, reproducibly")
    .option("--reset", "empty the tables first, if rehome seeded them")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: SeedOptions) => (await import("./commands/seed.js")).seed(options)),
    );

  withFlags(program.command("start"), "start")
    .description("preflight, plan and enqueue a run; prints its id")
    .option("--wait", "show progress until the run has ended")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: StartOptions) => (await import("./commands/start.js")).start(options)),
    );

  program
    .command("status")
    .argument("[run]")
    .description("show where a run stands")
    .option("--watch", "follow it until it ends")
    .option("--json", "print one JSON document")
    .action(
      ending(async (run: string | undefined, options: { watch?: boolean; json?: boolean }) =>
        (await import("./commands/status.js")).status(run, options),
      ),
    );

  program
    .command("runs")
    .description("list all runs, newest first")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: { json?: boolean }) =>
        (await import("./commands/status.js")).runs(options),
      ),
    );

  program
    .command("rejects")
    .argument("[run]")
    .description("list the rejected sessions by fingerprint, and why each was rejected")
    .option("--json", "print one JSON document")
    .action(
      ending(async (run: string | undefined, options: { json?: boolean }) =>
        (await import("./commands/rejects.js")).rejects(run, options),
      ),
    );

  withFlags(program.command("verify"), "verify")
    .argument("[run]")
    .description("compare source and target")
    .option("--json", "print one JSON document")
    .action(
      ending(async (run: string | undefined, options: VerifyOptions) =>
        (await import("./commands/verify.js")).verify(run, options),
      ),
    );

  withFlags(program.command("plan"), "start", ["chunkSize"])
    .description("show what a run would do; writes nothing")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: PlanOptions) => (await import("./commands/plan.js")).plan(options)),
    );

  addControl(program);

  const config = program.command("config");
  for (const section of SECTIONS) withFlags(config, section);
  config
    .description("show the configuration in force, and where each value comes from")
    .option("--json", "print one JSON document")
    .action(
      ending(async (_options: object, command: Command) =>
        (await import("./commands/config.js")).config(command),
      ),
    );

  program
    .command("stores")
    .description("list the presets, and which of them the source seems to hold")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: { json?: boolean }) =>
        (await import("./commands/stores.js")).stores(options),
      ),
    );

  program
    .command("init")
    .description("write a config file for the store found in the source, or an example")
    .addOption(new Option("--format <format>", "format of the file").choices(FORMATS))
    .option("--force", "replace the file if it exists")
    .option("--json", "print one JSON document")
    .action(
      ending(async (options: InitOptions) =>
        (await import("./commands/init.js")).init(program.getOptionValue("config"), options),
      ),
    );

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
    ["pause", "start no new batch on any worker"],
    ["resume", "continue a paused run, or an interrupted plan"],
    ["cancel", "end the run; what was written stays"],
  ] as const;
  for (const [name, description] of verbs) {
    program
      .command(name)
      .argument("[run]")
      .description(description)
      .option("--json", "print one JSON document")
      .action(
        ending(async (run: string | undefined, options: ControlOptions) =>
          (await import("./commands/control.js"))[name](run, options),
        ),
      );
  }
  program
    .command("retry")
    .argument("[run]")
    .description("try the rejected sessions and the failed chunks again, and nothing else")
    .option("--wait", "show progress until the run has ended")
    .option("--json", "print one JSON document")
    .action(
      ending(async (run: string | undefined, options: ControlOptions) =>
        (await import("./commands/control.js")).retry(run, options),
      ),
    );
  program
    .command("forget")
    .argument("<run>")
    .description("delete a run's ledger; its bounds and rejects are credentials")
    .option("--json", "print one JSON document")
    .action(
      ending(async (run: string, options: ControlOptions) =>
        (await import("./commands/forget.js")).forget(run, options),
      ),
    );
}

function ending<Args extends unknown[]>(
  action: (...args: Args) => Promise<number>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    process.exitCode = await action(...args);
  };
}
