const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** Lets nothing else run in this thread for so long, as work that takes its time does, without the work. */
export function holdThread(durationMs: number): void {
  Atomics.wait(nobodyWakes, 0, 0, durationMs);
}
