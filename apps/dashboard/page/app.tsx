import { useEffect, useState } from "preact/hooks";
import type { Me } from "../src/view-model.js";
import { readMe, signOut } from "./api.js";
import { Frame } from "./frame.js";
import { Jobs } from "./jobs.js";
import { Login } from "./login.js";
import { Migration } from "./migration.js";
import { usePlace } from "./place.js";

const AGAIN_MS = 2_000;

/** Asks who looks, and shows the place that the address names. */
export function App() {
  // undefined: not known yet; null: nobody is signed in.
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [unreachable, setUnreachable] = useState(false);
  const place = usePlace();

  useEffect(() => {
    if (me !== undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      readMe().then(
        (found) => {
          setUnreachable(false);
          setMe(found);
        },
        () => {
          setUnreachable(true);
          timer = setTimeout(look, AGAIN_MS);
        },
      );
    };
    look();
    return () => clearTimeout(timer);
  }, [me]);

  if (me === undefined)
    return (
      <p class="waiting-for-server">
        {unreachable ? "The dashboard cannot be reached; trying again…" : ""}
      </p>
    );
  if (me === null) return <Login onSignedIn={setMe} />;
  const leave = () => {
    void signOut().finally(() => setMe(null));
  };
  return (
    <Frame me={me} place={place} onSignOut={leave}>
      {place.page === "jobs" ? (
        <Jobs />
      ) : (
        // Who was signed out is asked to sign in; who is not required to is let in again.
        <Migration me={me} run={place.run} onSignedOut={() => setMe(undefined)} />
      )}
    </Frame>
  );
}
