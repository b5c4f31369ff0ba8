import type { Range, SessionId } from "@rehome/core";
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
