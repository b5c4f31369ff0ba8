import { useEffect, useState } from "preact/hooks";
import type { Me, RunView } from "../../src/view-model.js";
import { changeRun, Refusal } from "../api.js";
import { AskDialog } from "./ask-dialog.js";
import { type Control, CONTROLS } from "./control-table.js";

/** What was done is told for a while; then it is in the list of what operators did. */
const SAID_FOR_MS = 20_000;

/** What an operator may press now. Each asks once, and says what it did. */
export function Controls({ me, run }: { me: Me; run: RunView }) {
  const [asking, setAsking] = useState<Control | null>(null);
  const [said, setSaid] = useState<{ text: string; ok: boolean } | null>(null);
  const { run: id } = run.status;
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  if (me.role !== "operator") return <p class="hint controls">You look; operators change runs.</p>;

  async function act(control: Control, given: unknown): Promise<void> {
    setAsking(null);
    try {
      const did = await changeRun(id, control.verb, given);
      setSaid({ text: `${did[0]?.toUpperCase() ?? ""}${did.slice(1)}.`, ok: true });
    } catch (error) {
      const text = error instanceof Refusal ? error.message : "something went wrong";
      setSaid({ text: `${control.label} was refused: ${text}.`, ok: false });
    }
  }

  return (
    <div class="controls">
      <div class="buttons">
        {CONTROLS.filter(({ name }) => run.allowed.includes(name)).map((control) => (
          <button
            key={control.label}
            type="button"
            class={control.dangerous ? "dangerous" : ""}
            onClick={() => setAsking(control)}
          >
            {control.label}
          </button>
        ))}
      </div>
      <p class={said?.ok === false ? "said said-refused" : "said"} role="status">
        {said?.text}
      </p>
      {asking !== null && (
        <AskDialog
          control={asking}
          run={run}
          onClose={() => setAsking(null)}
          onConfirm={(given) => void act(asking, given)}
        />
      )}
    </div>
  );
}
