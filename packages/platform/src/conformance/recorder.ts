import { check } from "@millrace/model/conformance";
import type { Connection, ConnectionHandler } from "../network.ts";
import type { Timers } from "../platform.ts";

/** Keeps what happened to one connection, in order. */
export class Recorder implements ConnectionHandler {
  readonly connection: Connection;
  readonly chunks: Uint8Array[] = [];
  drainedCount = 0;
  closedCount = 0;
  closedBehindBytes = -1;
  error: Error | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handler = this;
  }

  get byteCount(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  data(chunk: Uint8Array): void {
    check(this.closedCount === 0, "no data after closed");
    this.chunks.push(chunk.slice());
    chunk.fill(0);
  }

  drained(): void {
    this.drainedCount++;
  }

  closed(error?: Error): void {
    this.closedCount++;
    this.error = error;
    this.closedBehindBytes = this.byteCount;
  }
}

const waitLapsMax = 2_000;

export async function until(timers: Timers, condition: () => boolean, what: string): Promise<void> {
  for (let lap = 0; lap < waitLapsMax; lap++) {
    if (condition()) return;
    await timers.sleep(1);
  }
  check(false, `in time: ${what}`);
}

/** Bytes that tell when some are missing. */
export function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff);
}
