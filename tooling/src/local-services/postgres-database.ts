import pg from "pg";

export const SUPERUSER = "rehome";

export interface DatabaseOptions {
  /** Copied; nobody may be connected to it. */
  template?: string;
  encoding?: string;
  /** Of the C library. */
  locale?: string;
  /** Such as `und` or `de`: then ICU orders text (PostgreSQL 15 and later). */
  icuLocale?: string;
  ifMissing?: boolean;
}

/** `server` is the superuser's URL up to and with the slash before the database. Returns the new database's URL. */
export async function createDatabase(
  server: string,
  name: string,
  options: DatabaseOptions = {},
): Promise<string> {
  const client = new pg.Client({ connectionString: `${server}postgres` });
  await client.connect();
  try {
    if (!(options.ifMissing === true && (await exists(client, name))))
      await client.query(statement(name, options));
  } finally {
    await client.end();
  }
  return `${server}${encodeURIComponent(name)}`;
}

async function exists(client: pg.Client, name: string): Promise<boolean> {
  return (await client.query("select from pg_database where datname = $1", [name])).rowCount === 1;
}

function statement(name: string, options: DatabaseOptions): string {
  const { encoding, locale, icuLocale } = options;
  // Only template0 may be copied with another encoding or locale.
  const differs = encoding !== undefined || locale !== undefined || icuLocale !== undefined;
  const template = options.template ?? (differs ? "template0" : undefined);
  const parts = [`create database ${pg.escapeIdentifier(name)}`];
  if (template !== undefined) parts.push(`template ${pg.escapeIdentifier(template)}`);
  if (encoding !== undefined) parts.push(`encoding ${pg.escapeLiteral(encoding)}`);
  if (locale !== undefined) parts.push(`locale ${pg.escapeLiteral(locale)}`);
  if (icuLocale !== undefined)
    parts.push(`locale_provider icu icu_locale ${pg.escapeLiteral(icuLocale)}`);
  return parts.join(" ");
}
