/** Nothing was done, and nothing is wrong with the benchmark: `message` says what is amiss, where, and how to mend it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
