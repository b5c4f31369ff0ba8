import { isActive, OUTCOMES, PHASES, REJECT_CODES } from "@rehome/core";
import { Gauge, Registry } from "prom-client";
import type { Watch } from "./watch/watch.js";

/**
 * The active run, or else the newest, and what is around it, in Prometheus's format. No label holds an
 * id: a run's would make a new series each time. Rejects while the queue Redis does not answer.
 */
export async function renderMetrics(watch: Watch): Promise<{ type: string; text: string }> {
  await watch.lookNow();
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number | null | undefined) => {
    const made = new Gauge({ name, help, registers: [registry] });
    if (value === null || value === undefined) made.remove();
    else made.set(value);
  };
  const family = (
    name: string,
    help: string,
    label: string,
    values: Record<string, number | null>,
  ) => {
    const made = new Gauge({ name, help, labelNames: [label], registers: [registry] });
    for (const [key, value] of Object.entries(values))
      if (value !== null) made.set({ [label]: key }, value);
  };

  const overview = watch.overview();
  const current = overview?.runs.find(({ phase }) => isActive(phase))?.run ?? null;
  const view = watch.of(current)?.view() ?? null;
  const status = view?.status;
  const workers = overview?.workers ?? [];
  family("rehome_workers", "Workers by state", "state", {
    here: workers.filter(({ gone, stopped }) => !gone && !stopped).length,
    gone: workers.filter(({ gone }) => gone).length,
    stopped: workers.filter(({ stopped }) => stopped).length,
  });
  if (overview !== null && !("unknown" in overview.memory)) {
    gauge("rehome_target_memory_used_bytes", "Memory the target uses", overview.memory.usedBytes);
    gauge("rehome_target_memory_max_bytes", "The target's maxmemory", overview.memory.maxBytes);
  }
  if (view !== null && status !== undefined) {
    family(
      "rehome_run_phase",
      "1 for the phase the run is in",
      "phase",
      Object.fromEntries(PHASES.map((phase) => [phase, phase === status.phase ? 1 : 0])),
    );
    family(
      "rehome_sessions",
      "Sessions of the run by what became of them",
      "outcome",
      Object.fromEntries(OUTCOMES.map((outcome) => [outcome, status.sessions[outcome]])),
    );
    gauge("rehome_sessions_planned", "Sessions in the plan so far", status.sessions.planned);
    gauge("rehome_sessions_read", "Sessions read so far", status.sessions.read);
    const { total: _, ...states } = status.chunks;
    family("rehome_chunks", "Chunks of the run by state", "state", states);
    gauge("rehome_sessions_per_second", "Sessions read a second", status.sessionsPerSecond);
    gauge("rehome_eta_seconds", "Seconds until everything planned is read", status.etaSeconds);
    gauge(
      "rehome_lag_seconds",
      "Seconds since a chunk of the active run ended",
      lag(watch, current),
    );
    const byCode = new Map(view.rejects.groups.map(({ code, count }) => [code, count]));
    family(
      "rehome_rejects",
      "Rejected sessions of the run by code",
      "code",
      Object.fromEntries(REJECT_CODES.map((code) => [code, byCode.get(code) ?? 0])),
    );
    gauge(
      "rehome_target_memory_projected_bytes",
      "Memory at the end of the run",
      view.projectedBytes,
    );
  }
  return { type: registry.contentType, text: await registry.metrics() };
}

/** null when no run is active: nothing is late then. */
function lag(watch: Watch, run: Parameters<Watch["of"]>[0]): number | null {
  if (run === null) return null;
  const watched = watch.of(run);
  const startedAt = watched?.view()?.status.startedAt;
  if (watched === null || startedAt === undefined) return null;
  const last = watched.samples().recent.at(-1)?.[0] ?? Date.parse(startedAt);
  return Math.max(0, Math.round((Date.now() - last) / 1_000));
}
