// Runs one server on behalf of a parent process and outlives that parent by just long enough to clean up.
//
// Plain JavaScript outside src, so that its path is the same from src and from dist. Started by
// supervised-process.ts in a process group of its own. Standard input is the parent's end of a pipe: commands come
// through it, one JSON document a line, and when it closes, for whatever reason the parent went away (SIGKILL
// included), the server is stopped and the temporary folder removed.
//
//   parent:     {"start": Command} | {"halt": true}
//   supervisor: {"started": pid} | {"ended": {"code", "signal", "error"}}
//
// Arguments: the file for the server's output, and the folder to remove at the end or "" for none.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, closeSync, openSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";

const ESCALATE_AFTER_MS = 10_000;

const [log = "", temporaryFolder = ""] = process.argv.slice(2);

/** The running server, or null. Only this process is ever signalled. */
let server = null;
let ending = false;

function start(command) {
  const output = openSync(log, "a", 0o600);
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: command.env,
    ...(command.user && { uid: command.user.uid, gid: command.user.gid }),
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const running = { child, command, timer: null };
  server = running;
  let over = false;
  const ended = (code, signal, error) => {
    if (over) return;
    over = true;
    clearTimeout(running.timer);
    if (server === running) server = null;
    if (command.reap)
      spawnSync(command.reap[0], command.reap.slice(1), { env: command.env, timeout: 20_000 });
    tell({ ended: { code, signal, error } });
    if (ending) finish();
  };
  child.on("error", (error) => {
    // Also emitted when a signal could not be delivered; then the child still runs.
    if (child.pid === undefined) ended(null, null, error.message);
  });
  child.on("exit", (code, signal) => ended(code, signal, null));
  if (child.pid !== undefined) tell({ started: child.pid });
}

/** Asks with the command's own signals, each given its time, and insists with SIGKILL. */
function halt() {
  const running = server;
  if (running === null || running.timer !== null) return;
  const signals = [...running.command.stopSignals, "SIGKILL"];
  const next = () => {
    const signal = signals.shift();
    if (signal === undefined) return;
    running.child.kill(signal);
    running.timer = setTimeout(next, ESCALATE_AFTER_MS);
  };
  next();
}

function end() {
  if (ending) return;
  ending = true;
  if (server === null) finish();
  else halt();
}

function finish() {
  try {
    // A killed PostgreSQL's children may still write for a moment, hence the retries.
    if (temporaryFolder !== "")
      rmSync(temporaryFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (error) {
    note(error);
  }
  process.exit(0);
}

function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function note(error) {
  try {
    appendFileSync(log, `supervisor: ${error?.stack ?? error}\n`);
  } catch {
    // The folder is gone: nobody is left to read it.
  }
}

// The parent may be gone while it is being written to.
process.stdout.on("error", () => {});
process.stdin.on("error", end);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
process.on("uncaughtException", (error) => {
  note(error);
  end();
});

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    if (message.start && !ending && server === null) start(message.start);
    else if (message.halt) halt();
  })
  .on("close", end);
