import { columnOf, type Range, type ResolvedStore, type SessionId } from "@rehome/core";
import { escapeLiteral } from "pg";

/** A condition on a column of session ids; COPY takes no parameters, so its literals are quoted by pg. */
export type Match = (column: string) => string;

export function matchRange({ after, upTo }: Range): Match {
  return (column) => {
    const bounds = [
      ...(after === null ? [] : [`${column} > ${escapeLiteral(after)}`]),
      ...(upTo === null ? [] : [`${column} <= ${escapeLiteral(upTo)}`]),
    ];
    // What has no id is no session: nobody could ask for it.
    return bounds.length === 0 ? `${column} IS NOT NULL` : bounds.join(" AND ");
  };
}

export function matchIds(ids: readonly SessionId[]): Match {
  return (column) => `${column} = ANY (${arrayLiteral(ids)})`;
}

/** Of a type not named here, so that the server takes it for the column's. */
export function arrayLiteral(elements: readonly (string | number)[]): string {
  const texts = elements.map((element) =>
    typeof element === "number" ? element : `"${element.replace(/["\\]/g, String.raw`\$&`)}"`,
  );
  return escapeLiteral(`{${texts.join(",")}}`);
}

/** As PostgreSQL writes a uuid, and bytes: no other form is byte for byte the same. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BYTES = /^\\x(?:[0-9a-f]{2})*$/;

/** Those ids that a column of the store's type can hold. The server would refuse the others, or take them for some else. */
export function possibleIds(store: ResolvedStore, ids: readonly SessionId[]): SessionId[] {
  switch (columnOf(store, 0, store.sessions.id).type) {
    case "uuid":
      return ids.filter((id) => UUID.test(id));
    case "bytea":
      return ids.filter((id) => BYTES.test(id));
    case "character":
      return ids.filter((id) => !id.includes("\0") && !id.endsWith(" "));
    default:
      // No text of PostgreSQL's holds a NUL.
      return ids.filter((id) => !id.includes("\0"));
  }
}
