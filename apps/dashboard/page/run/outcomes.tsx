import type { Status } from "../../src/view-model.js";
import { count, many, percent } from "../figures.js";
import { Panel } from "../panel.js";

const MEANINGS = {
  migrated: "written",
  kept: "the target held a newer one",
  expired: "past their expiry",
  rejected: "cannot be represented",
} as const;

export function Outcomes({ status }: { status: Status }) {
  const { sessions, chunks } = status;
  const left = Math.max(0, sessions.planned - sessions.read);
  return (
    <Panel name="outcomes" title="Sessions by outcome">
      <table class="outcomes">
        <thead class="unseen">
          <tr>
            <th scope="col">outcome</th>
            <th scope="col">sessions</th>
            <th scope="col">share of those read</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(MEANINGS).map(([outcome, meaning]) => (
            <tr key={outcome}>
              <th scope="row">
                <span class={`swatch outcome-${outcome}`} aria-hidden="true" />
                {outcome}
                <small>{meaning}</small>
              </th>
              <td>{count(sessions[outcome as keyof typeof MEANINGS])}</td>
              <td class="share">
                {percent(sessions[outcome as keyof typeof MEANINGS], sessions.read)}
              </td>
            </tr>
          ))}
          <tr class="left">
            <th scope="row">
              <span class="swatch outcome-left" aria-hidden="true" />
              to be read
              <small>in {many(chunks.total - chunks.done, "chunk")}</small>
            </th>
            <td>{count(left)}</td>
            <td />
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}
