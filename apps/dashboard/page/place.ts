import { useEffect, useState } from "preact/hooks";

/** Where in the page: a run (null: the newest), or the jobs. */
export type Place =
  | { readonly page: "migration"; readonly run: string | null }
  | { readonly page: "jobs" };

export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  if (hash === "#/jobs") return { page: "jobs" };
  return { page: "migration", run: /^#\/runs\/([\w-]+)$/.exec(hash)?.[1] ?? null };
}
