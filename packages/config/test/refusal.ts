import { RehomeError } from "@rehome/core";
import { expect } from "vitest";

/** What a call is refused with; fails if it is not. */
export function refusal(work: () => unknown): RehomeError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(RehomeError);
    return error as RehomeError;
  }
  throw new Error("was not refused");
}
