/** The first Ctrl-C asks to stop, the second stops at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  dispose(): void;
}

/** `onFirst` says what the first Ctrl-C does. */
export function onInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const first = () => {
    process.once("SIGINT", second);
    onFirst();
    controller.abort();
  };
  const second = () => process.exit(130);
  process.once("SIGINT", first);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off("SIGINT", first);
      process.off("SIGINT", second);
    },
  };
}
