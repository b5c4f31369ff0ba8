import type { RunPicture } from "../../src/picture.js";
import { count } from "../figures.js";
import { Panel } from "../panel.js";

/** Chunks that ran out of attempts. */
export function Failures({ run }: { run: RunPicture }) {
  const all = run.status.chunks.failed;
  return (
    <Panel name="failures" title="Failed chunks" note={count(all)}>
      {all === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <ul class="failures">
          {run.failures.map(({ chunk, reason, attempts }) => (
            <li key={chunk}>
              <span class="code">chunk {chunk}</span>
              <span>
                {reason}
                {attempts !== null &&
                  ` · ${attempts === 1 ? "no retry helps" : `failed ${attempts} times`}`}
              </span>
            </li>
          ))}
          {all > run.failures.length && (
            <li class="hint">and {count(all - run.failures.length)} more</li>
          )}
        </ul>
      )}
    </Panel>
  );
}
