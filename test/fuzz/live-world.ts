import { expect } from "vitest";

import type { BrokerWorld } from "../../packages/broker/test-support/broker-world.ts";
import type { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { seed } from "./fuzz-size.ts";

const answeredMs = 5;

/** Sends a frame as it is, and gives the broker the time to answer it. */
export async function sendFrame(
  { platform: { timers } }: BrokerWorld,
  client: TestClient,
  frame: Uint8Array,
): Promise<void> {
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  client.connection.write([size, frame]);
  await new Promise<void>((resolve) => void timers.after(answeredMs, resolve));
}

/** A handler that fails by what it was sent says so; the rest of what was told is forgotten. */
export function expectNoFailure({ told }: BrokerWorld): void {
  const failures = told.filter(({ level }) => level === "error");
  expect(failures.slice(0, 3), `seed ${seed}`).toEqual([]);
  told.length = 0;
}
