import type {
  MapChange,
  MapView,
  Overview,
  RunView,
  SamplesView,
  Trouble,
} from "../src/view-model.js";

/** What the page is told, as it comes in. */
export interface FeedListener {
  overview(overview: Overview): void;
  run(run: RunView): void;
  samples(samples: SamplesView): void;
  map(map: MapView): void;
  chunks(change: MapChange): void;
  connection(connection: Connection): void;
  /** The server answers, but not with a stream: who looks may have to sign in again. */
  refused(): void;
  signedOut(): void;
}

/** `since`: when the page last knew how things stood; Unix ms by this machine's clock. */
export type Connection =
  | { readonly state: "opening" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly since: number }
  | { readonly state: "trouble"; readonly since: number; readonly message: string };

/** The server says something every second: inactivity means that it is not there any more. */
const INACTIVITY_TIMEOUT_MS = 4_000;
const AGAIN_MS = 1_000;

/**
 * Follows a run (null: the newest) and comes back by itself, going on after the last event it has seen. Returns
 * what ends it.
 */
export function followRun(run: string | null, listener: FeedListener): () => void {
  let source: EventSource | null = null;
  let lastEvent = "";
  let heard = Date.now();
  let again: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    clearTimeout(again);
    again = undefined;
    source?.close();
    const query = new URLSearchParams({ ...(run !== null && { run }), after: lastEvent });
    source = new EventSource(`/api/events?${query}`);
    source.onerror = () => {
      // A browser gives up after an answer that is no stream, such as a proxy's while the server restarts.
      if (source?.readyState === EventSource.CLOSED && again === undefined) {
        again = setTimeout(open, AGAIN_MS);
        listener.refused();
      }
      listener.connection({ state: "lost", since: heard });
    };
    on<Overview>("overview", (data) => listener.overview(data));
    on<RunView>("run", (data) => listener.run(data));
    on<SamplesView>("samples", (data) => listener.samples(data));
    on<MapView>("map", (data) => listener.map(data));
    on<MapChange>("chunks", (data) => listener.chunks(data));
    on<Trouble>("trouble", ({ message }) =>
      listener.connection({ state: "trouble", since: heard, message }),
    );
    on<{ ok: boolean }>("beat", ({ ok }) => {
      if (!ok) return;
      heard = Date.now();
      listener.connection({ state: "live" });
    });
    on("signed-out", () => listener.signedOut());
  }

  let beatAt = Date.now();
  function on<T>(event: string, take: (data: T) => void): void {
    source?.addEventListener(event, (message: MessageEvent<string>) => {
      beatAt = Date.now();
      if (message.lastEventId !== "") lastEvent = message.lastEventId;
      take(JSON.parse(message.data) as T);
    });
  }

  open();
  const watchdog = setInterval(() => {
    if (Date.now() - beatAt < INACTIVITY_TIMEOUT_MS) return;
    listener.connection({ state: "lost", since: heard });
    beatAt = Date.now();
    open();
  }, 500);
  return () => {
    clearInterval(watchdog);
    clearTimeout(again);
    source?.close();
  };
}
