import tab from "@bomb.sh/tab/commander";
import { SECTIONS, SETTINGS } from "@rehome/core";
import { Command, Option } from "commander";
import { config } from "./commands/config.js";
import { cancel, type ControlOptions, forget, pause, resume, retry } from "./commands/control.js";
import { init, type InitOptions } from "./commands/init.js";
import { plan, type PlanOptions } from "./commands/plan.js";
import { rejects } from "./commands/rejects.js";
import { seed } from "./commands/seed.js";
import { start, type StartOptions } from "./commands/start.js";
import { runs, status } from "./commands/status.js";
import { verify, type VerifyOptions } from "./commands/verify.js";
import { FORMATS } from "./example-config.js";
import { applyConfigFile, CONFIG_FLAG, toOption, withFlags } from "./flags.js";
import { finishHelp } from "./help.js";
import { setVerbosity } from "./output.js";

/** The verbs and their options. Each action gives the exit code. */
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
    .option("--reset", "empty the tables first, if they were seeded by rehome")
    .option("--json", "print one JSON document")
    .action(ending((options: Parameters<typeof seed>[0]) => seed(options)));

  withFlags(program.command("start"), "start")
    .description("preflight, plan and enqueue a run; prints its id")
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

  withFlags(program.command("verify"), "verify")
    .argument("[run]")
    .description("compare source and target")
    .option("--json", "print one JSON document")
    .action(ending((run: string | undefined, options: VerifyOptions) => verify(run, options)));

  program
    .command("plan")
    .description("a dry run: what a run would do; writes nothing")
    .addOption(toOption(SETTINGS.start.chunkSize))
    .option("--json", "print one JSON document")
    .action(ending((options: PlanOptions) => plan(options)));

  addControl(program);

  withFlags(program.command("config"), ...SECTIONS)
    .description("the configuration that would be used, and where each value comes from")
    .option("--json", "print one JSON document")
    .action(ending((_options: object, command: Command) => config(command)));

  program
    .command("init")
    .description("write an example of a config file, with every option and its default")
    .addOption(new Option("--format <format>", "of the file").choices(FORMATS))
    .option("--force", "replace the file if it exists")
    .action(ending((options: InitOptions) => init(program.getOptionValue("config"), options)));

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

function ending<Args extends unknown[]>(
  action: (...args: Args) => Promise<number>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    process.exitCode = await action(...args);
  };
}
