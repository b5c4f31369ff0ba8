/** What a form's field holds; '' where it has no such field. */
export function valueOf(form: HTMLFormElement, field: string): string {
  const value = new FormData(form).get(field);
  return typeof value === "string" ? value : "";
}
