import type { Connection } from "./feed.js";
import { Moment } from "./moment.js";

/** Says that what is shown is old, and since when; a page that stands still must not look alive. */
export function ConnectionBanner({ connection }: { connection: Connection }) {
  return (
    <div class="banner-place" role="alert">
      {(connection.state === "lost" || connection.state === "trouble") && (
        <p class="banner">
          <strong>
            {connection.state === "lost" ? "Connection lost." : "No news from the queue."}
          </strong>{" "}
          {connection.state === "trouble" && (
            <>
              The dashboard is there, its Redis is not: {connection.message.replace(/^queue: /, "")}
              .{" "}
            </>
          )}
          What you see is from <Moment at={connection.since} />. Trying again…
        </p>
      )}
    </div>
  );
}
