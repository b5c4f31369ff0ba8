import type { RunView } from "../../src/view-model.js";
import { count, many } from "../figures.js";
import { Panel } from "../panel.js";

/** Chunks that ran out of attempts, by reason. */
export function Failures({ run }: { run: RunView }) {
  const all = run.status.chunks.failed;
  return (
    <Panel name="failures" title="Failed chunks" note={count(all)}>
      {all === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <ul class="failures">
          {run.failures.map(({ reason, count: size, chunks, attempts }) => (
            <li key={reason}>
              <span class="code">{reason}</span>
              <span>
                {many(size, "chunk")}
                {attempts !== null &&
                  `, ${attempts === 1 ? "at the first attempt" : `after up to ${attempts} attempts`}`}
                : {chunks.map(count).join(", ")}
                {size > chunks.length && ` and ${count(size - chunks.length)} more`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
