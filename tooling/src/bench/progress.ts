import { SingleBar } from "cli-progress";

export interface Progress {
  step(text: string, total?: number): void;
  at(value: number): void;
  end(): void;
}

/** A bar on a terminal, a line a step elsewhere. */
export function openProgress(): Progress {
  if (!process.stderr.isTTY) {
    return {
      step: (text) => process.stderr.write(`▸ ${text}\n`),
      at: () => undefined,
      end: () => undefined,
    };
  }
  const bar = new SingleBar({
    format: "{bar} {percentage}% · {text}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(1, 0, { text: "" });
  return {
    step: (text, total) => {
      if (total !== undefined) bar.setTotal(total);
      bar.update({ text });
    },
    at: (value) => bar.update(value),
    end: () => bar.stop(),
  };
}
