import { RehomeError } from "@rehome/core";
import { openPostgres, type PostgresOptions } from "./postgres/open-postgres.js";
import type { Source } from "./source.js";

/** Connects when first needed. Throws RehomeError `malformed-url` (exit 2) for a protocol it does not speak, or an option that it cannot follow. */
export function openSource(url: URL, options: PostgresOptions = {}): Source {
  switch (url.protocol) {
    case "postgres:":
    case "postgresql:":
      return openPostgres(url, options);
    default:
      throw new RehomeError(
        "malformed-url",
        "the source's URL is not of the form postgres://user:password@host/database",
        {
          hint: "Check SOURCE_URL",
          exitCode: 2,
        },
      );
  }
}
