import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { makeProgram, parseCommand, readUrl, type Values } from "@rehome/config";

export interface Config extends Readonly<Values<"worker">> {
  readonly sourceUrl: URL;
  readonly targetUrl: URL;
  readonly queueUrl: URL;
  readonly logFile: string | null;
  /** Names the worker in logs and on the dashboard. */
  readonly name: string;
}

/** Flags, environment, config file. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export async function readConfig(argv: readonly string[]): Promise<Config> {
  const program = makeProgram("rehome-worker", {
    description: "Copies sessions, chunk by chunk, until it is told to stop.",
    help: "SOURCE_URL, TARGET_URL and QUEUE_URL are read from the environment only.\nThe mapping is the run's own, whatever the config file says.",
  });
  const { values } = await parseCommand(program, "worker", argv, process.env);
  return {
    ...values,
    sourceUrl: readUrl("SOURCE_URL", process.env),
    targetUrl: readUrl("TARGET_URL", process.env),
    queueUrl: readUrl("QUEUE_URL", process.env),
    logFile: process.env["LOG_FILE"] ?? null,
    // Containers may share a host's name, and each has a process 1.
    name: `${hostname()}-${process.pid}-${randomBytes(2).toString("hex")}`,
  };
}
