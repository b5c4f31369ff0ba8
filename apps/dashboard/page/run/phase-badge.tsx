import type { Phase } from "../../src/view-model.js";

/** A sign beside the word, so that colour is never all there is. */
const SIGNS: Readonly<Record<Phase, string>> = {
  planning: "◔",
  running: "▶",
  paused: "❙❙",
  completed: "✓",
  failed: "✕",
  cancelled: "■",
};

export function PhaseBadge({ phase }: { phase: Phase }) {
  return (
    <span class={`phase phase-${phase}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[phase]}
      </span>
      {phase}
    </span>
  );
}
