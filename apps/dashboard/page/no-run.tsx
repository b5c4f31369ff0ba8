import type { WorkerRecord } from "../src/view-model.js";
import { many } from "./figures.js";

/** The empty state says what to type next. */
export function NoRun({ workers }: { workers: readonly WorkerRecord[] }) {
  const here = workers.filter(({ gone, stopped }) => !gone && !stopped).length;
  return (
    <section class="no-run" aria-labelledby="no-run">
      <h1 id="no-run">No migration yet</h1>
      <p>
        This page follows a run from its first session to its verdict. Three commands get it going:
      </p>
      <ol>
        <li class={here > 0 ? "met" : ""}>
          <code>rehome-worker</code>
          <span>
            {here > 0
              ? `✓ ${many(here, "worker")} here and waiting`
              : "start as many as you like, on as many machines"}
          </span>
        </li>
        <li>
          <code>npx rehome plan</code>
          <span>a dry run: how much, how long, what would be rejected</span>
        </li>
        <li>
          <code>npx rehome start</code>
          <span>begins; this page shows it within a second</span>
        </li>
      </ol>
    </section>
  );
}
