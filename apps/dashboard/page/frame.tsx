import type { ComponentChildren } from "preact";
import type { Me } from "../src/view-model.js";
import type { Place } from "./place.js";

/** What is around every page: where one is, and who one is. */
export function Frame(props: {
  me: Me;
  place: Place;
  onSignOut: () => void;
  children: ComponentChildren;
}) {
  const { me, place } = props;
  return (
    <div class={`frame frame-${place.page}`}>
      <header class="bar">
        <a class="brand" href="#/">
          <img src="/icon.svg" alt="" width="24" height="24" />
          <span>Rehome</span>
        </a>
        <nav aria-label="Pages">
          <a href="#/" aria-current={place.page === "migration" ? "page" : undefined}>
            Migration
          </a>
          <a href="#/jobs" aria-current={place.page === "jobs" ? "page" : undefined}>
            Jobs
          </a>
        </nav>
        <p class="who">
          <span class="who-name">{me.name}</span> <span class="who-role">{me.role}</span>
          {me.canSignOut && (
            <button type="button" class="quiet" onClick={props.onSignOut}>
              Sign out
            </button>
          )}
        </p>
      </header>
      <main>{props.children}</main>
    </div>
  );
}
