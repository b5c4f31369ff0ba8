import { useEffect, useRef } from "preact/hooks";
import type { RunView } from "../../src/view-model.js";
import { valueOf } from "../form-value.js";
import type { Control } from "./control-table.js";

/** Asks once before anything changes. Escape and the browser's own focus handling come with `<dialog>`. */
export function AskDialog(props: {
  control: Control;
  run: RunView;
  onClose: () => void;
  onConfirm: (given: unknown) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { control, run } = props;

  function confirm(event: SubmitEvent): void {
    event.preventDefault();
    // Gives the focus back to what was pressed.
    dialog.current?.close();
    props.onConfirm(givenBy(control, event.currentTarget as HTMLFormElement));
  }

  return (
    <dialog
      ref={dialog}
      onClose={props.onClose}
      aria-labelledby="ask-title"
      aria-describedby="ask-question"
    >
      <form onSubmit={confirm}>
        <h2 id="ask-title">{control.label}?</h2>
        <p class="run-id">{run.status.run}</p>
        <p id="ask-question">{control.question}</p>
        {control.form === "rate" && (
          <label>
            Sessions a second (empty: no limit)
            <input
              name="maxRate"
              type="number"
              min="1"
              max="10000000"
              step="1"
              defaultValue={run.maxRate?.toString() ?? ""}
            />
          </label>
        )}
        {control.form === "verify" && (
          <>
            <label class="choice">
              <input type="radio" name="mode" value="sample" defaultChecked />
              <span>
                Sample: every field and the expiry of
                <input
                  name="sample"
                  type="number"
                  min="1"
                  max="1000000"
                  defaultValue="1000"
                  aria-label="sessions to compare"
                />
                sessions
              </span>
            </label>
            <label class="choice">
              <input type="radio" name="mode" value="count" />
              <span>Count: the presence of every session, no contents</span>
            </label>
          </>
        )}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button type="submit" class={control.dangerous ? "dangerous" : "primary"}>
            {control.label}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function givenBy(control: Control, form: HTMLFormElement): unknown {
  if (control.form === "rate") {
    const rate = valueOf(form, "maxRate");
    return { maxRate: rate === "" ? null : Number(rate) };
  }
  if (control.form === "verify") {
    const mode = valueOf(form, "mode");
    return mode === "count" ? { mode } : { mode, sample: Number(valueOf(form, "sample")) };
  }
  return control.body ?? {};
}
