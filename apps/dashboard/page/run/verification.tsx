import type { RunView, VerificationView } from "../../src/view-model.js";
import { count, percent } from "../figures.js";
import { Panel } from "../panel.js";

export function Verification({ run }: { run: RunView }) {
  return (
    <Panel name="verification" title="Verification">
      {run.verification === null ? (
        <p class="empty">
          Not verified. Once the run has ended: <code>rehome verify</code>
        </p>
      ) : (
        <Verdict verification={run.verification} />
      )}
    </Panel>
  );
}

/** Says nothing about what was not compared. */
const GOOD = {
  sample: "Nothing is missing, nothing differs in the sample",
  count: "Nothing is missing, nothing is extra",
} as const;

function Sentence({ result }: { result: VerificationView["result"] }) {
  const [tone, mark, words] =
    result.ok === null
      ? (["none", "?", "No verdict"] as const)
      : result.ok
        ? (["ok", "✓", GOOD[result.mode]] as const)
        : (["bad", "✕", "Something is missing, differs or is extra"] as const);
  return (
    <p class={`verdict verdict-${tone}`}>
      <span aria-hidden="true">{mark}</span> {words}
    </p>
  );
}

function Verdict({ verification }: { verification: VerificationView }) {
  const { result, remark, total, done, failed, waiting } = verification;
  if (done + failed < total) {
    return (
      <>
        <p class="figure">
          {percent(done + failed, total)}{" "}
          <small>comparing, {count(total)} chunks in all; no verdict yet</small>
        </p>
        {waiting !== null && <p class="warning">{waiting}</p>}
      </>
    );
  }
  if (failed > 0) {
    return (
      <p class="verdict verdict-none">
        <span aria-hidden="true">?</span> No verdict: {count(failed)} of {count(total)} chunks could
        not be compared.
      </p>
    );
  }
  const compared = result.mode === "count" ? "for presence alone" : "field by field, in a sample";
  return (
    <>
      <Sentence result={result} />
      {remark !== null && <p class="warning">{remark}</p>}
      <p class="hint">
        {count(result.checked)} sessions looked at {compared}.
        {result.extra === null && " Extra keys in the target were not looked for."}
      </p>
      <dl class="counts">
        {(
          ["matched", "missing", "mismatched", "extra", "kept", "expired", "rejected"] as const
        ).map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class={result[name] === null ? "not-looked" : ""}>
              {result[name] === null ? "–" : count(result[name])}
              {result[name] === null && <span class="unseen">not looked at</span>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
