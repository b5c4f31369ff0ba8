import type { Action } from "../../src/view-model.js";
import { Moment } from "../moment.js";
import { Panel } from "../panel.js";

/** Who pressed what, and what came of it. */
export function Actions({ actions }: { actions: readonly Action[] }) {
  return (
    <Panel name="actions" title="What operators did">
      {actions.length === 0 ? (
        <p class="empty">Nothing on this dashboard yet.</p>
      ) : (
        <ol class="actions scrolls" tabIndex={0} aria-label="What operators did, newest first">
          {actions.map(({ at, who, what, run, outcome, ok }) => (
            <li key={`${at}${who}${what}`}>
              <Moment at={at} />
              <span>
                <strong>{who}</strong> {what} <span class="run-id">{run}</span>
                <span class={ok ? "outcome" : "outcome refused"}>
                  {ok ? "" : "✕ "}
                  {outcome}
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
