import { useState } from "preact/hooks";
import type { Me } from "../src/view-model.js";
import { Refusal, signIn } from "./api.js";
import { valueOf } from "./form-value.js";

export function Login({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    try {
      onSignedIn(await signIn(valueOf(form, "name"), valueOf(form, "password")));
    } catch (error) {
      setProblem(error instanceof Refusal ? error.message : "something went wrong");
      setBusy(false);
    }
  }

  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="/icon.svg" alt="" width="32" height="32" /> Rehome
        </h1>
        <p class="hint">Sign in to watch the migration.</p>
        <label>
          Name
          <input name="name" autocomplete="username" autocapitalize="none" required autofocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
        <p class="problem" role="alert">
          {problem === "" ? "" : `${problem[0]?.toUpperCase() ?? ""}${problem.slice(1)}.`}
        </p>
      </form>
    </main>
  );
}
