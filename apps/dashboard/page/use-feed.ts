import { useEffect, useState } from "preact/hooks";
import type { Overview, RunView, SamplesView } from "../src/view-model.js";
import { readMe } from "./api.js";
import { type ChunkLetters, makeChunkLetters } from "./chunk-letters.js";
import { type Connection, followRun } from "./feed.js";

/** Everything the page shows, as it was last told. */
export interface Feed {
  readonly connection: Connection;
  readonly overview: Overview | null;
  readonly run: RunView | null;
  readonly samples: SamplesView | null;
  readonly letters: ChunkLetters;
}

export function useFeed(run: string | null, onSignedOut: () => void): Feed {
  const [connection, setConnection] = useState<Connection>({ state: "opening" });
  const [overview, setOverview] = useState<Overview | null>(null);
  const [view, setView] = useState<RunView | null>(null);
  const [samples, setSamples] = useState<SamplesView | null>(null);
  const [letters] = useState(makeChunkLetters);

  useEffect(() => {
    setView(null);
    setSamples(null);
    letters.replace("");
    return followRun(run, {
      overview: setOverview,
      run: setView,
      samples: setSamples,
      map: ({ letters: text }) => letters.replace(text),
      chunks: ({ changed }) => letters.change(changed),
      // The same state again is no news.
      connection: (next) =>
        setConnection((now) =>
          now.state === next.state && JSON.stringify(now) === JSON.stringify(next) ? now : next,
        ),
      refused: () => {
        readMe().then(
          (me) => me === null && onSignedOut(),
          () => undefined,
        );
      },
      signedOut: onSignedOut,
    });
  }, [run]);
  return { connection, overview, run: view, samples, letters };
}
