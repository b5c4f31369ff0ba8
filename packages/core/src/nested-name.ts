/*
 * In a JSON object, a dot in a field's name nests: `user.id` is the member `id` of the object `user`.
 */

export function partsOf(name: string): string[] {
  return name.split(".");
}

/** The field within which another would lie: `a` cannot be a value, and an object that holds `a.b`. */
export function fieldAround(name: string, names: ReadonlySet<string>): string | null {
  const parts = partsOf(name);
  const around = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
  return around.find((prefix) => names.has(prefix)) ?? null;
}

/** Why a field cannot be called so beside the others. */
export function nestingMistake(name: string, names: ReadonlySet<string>): string | null {
  if (partsOf(name).includes("")) return "has an empty part before or after a dot";
  const around = fieldAround(name, names);
  return around === null ? null : `cannot be within ${around}, which is a field itself`;
}
