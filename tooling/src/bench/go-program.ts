import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { findOnPath, plainEnvironment, thisMachine } from "../local-services/machine.js";
import type { Contender } from "./contender.js";

const SOURCE = fileURLToPath(new URL("../../bench/go/", import.meta.url));

type Program = { readonly file: string } | { readonly absence: string };

/** What someone who knows Go and both databases writes in an afternoon, with pgx and go-redis. */
export function makeGoProgram(store: string): Contender {
  return {
    name: "Go program: pgx, go-redis pipelines",
    leaves: "milliseconds",
    absence: async () => {
      const program = await built();
      return "absence" in program ? program.absence : null;
    },
    move: async ({ urls, workMem }) => {
      const program = await built();
      if ("absence" in program) throw new Error(program.absence);
      const started = performance.now();
      const child = spawn(program.file, [store], {
        env: { ...plainEnvironment(thisMachine()), ...urls, WORK_MEM: workMem },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      const [said, complained, code] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        ended,
      ]);
      const seconds = (performance.now() - started) / 1000;
      if (code !== 0) throw new Error(`the Go program failed: ${complained}`);
      const { moved, cpuSeconds, peakBytes } = JSON.parse(said) as Told;
      return { moved, seconds, loaderSeconds: cpuSeconds, peakBytes };
    },
  };
}

/** What the program prints. */
interface Told {
  readonly moved: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

let program: Promise<Program> | null = null;

/** Once for all stores, into a folder that goes away with this process. */
async function built(): Promise<Program> {
  program ??= build();
  return await program;
}

async function build(): Promise<Program> {
  const go = findOnPath("go", thisMachine());
  if (go === null) return { absence: "there is no `go` here" };
  const folder = mkdtempSync(join(tmpdir(), "rehome-bench-go-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "mover");
  const { exitCode, stderr } = await execa(go, ["build", "-o", file, "."], {
    cwd: SOURCE,
    reject: false,
  });
  if (exitCode === 0) return { file };
  const [why = "it did not say why"] = stderr
    .split("\n")
    .filter((line) => !line.startsWith("go: downloading"));
  return { absence: `\`go build\` failed (${why})` };
}
