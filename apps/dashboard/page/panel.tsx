import type { ComponentChildren } from "preact";

/** A part of the page with a heading; `note` stands at its right. */
export function Panel(props: {
  name: string;
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  const id = `panel-${props.name}`;
  return (
    <section class={`panel panel-${props.name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{props.title}</h2>
        {props.note !== undefined && <div class="panel-note">{props.note}</div>}
      </div>
      {props.children}
    </section>
  );
}
