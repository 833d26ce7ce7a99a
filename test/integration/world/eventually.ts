import { expect } from "vitest";

/** Looks again and again, for as long as a busy machine may take. */
export function eventually<Value>(
  read: () => Value | Promise<Value>,
  timeout = 10_000,
): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(read, { timeout, interval: 10 });
}
