import type { RunView } from "../../src/view-model.js";
import { count } from "../figures.js";
import { Moment } from "../moment.js";
import { Panel } from "../panel.js";

export function Rejects({ run }: { run: RunView }) {
  const { groups, counted } = run.rejects;
  const all = run.status.sessions.rejected;
  return (
    <Panel name="rejects" title="Rejects" note={count(all)}>
      {all === 0 ? (
        <p class="empty">None: every session read so far could be represented.</p>
      ) : (
        <>
          {counted < all && (
            <p class="hint">
              Counted by code so far: {count(counted)} of {count(all)}.
            </p>
          )}
          {groups.map(({ code, count: size, latest }) => (
            <details key={code} class="group">
              <summary>
                <span class="code">{code}</span> <span class="number">{count(size)}</span>
                <small>{latest[0]?.message}</small>
              </summary>
              <ul>
                {latest.map(({ fingerprint, chunk, message, attempts, at }) => (
                  <li key={fingerprint}>
                    <code>{fingerprint}</code>
                    <span>
                      chunk {chunk} · {message}
                      {attempts > 1 && ` · tried ${attempts} times`} · <Moment at={at} />
                    </span>
                  </li>
                ))}
              </ul>
              {size > latest.length && (
                <p class="hint">
                  The latest {latest.length}. All of them:{" "}
                  <code>rehome rejects {run.status.run}</code>
                </p>
              )}
            </details>
          ))}
        </>
      )}
    </Panel>
  );
}
