import type { Platform } from "@millrace/platform";

/** Others have their turn after so long. */
const turnMs = 5;

/** Does something short to each of many, which come and go meanwhile: clients never wait for all of them. */
export async function inTurns<Item>(
  { clock, timers }: Pick<Platform, "clock" | "timers">,
  items: Iterable<Item>,
  { act, signal }: { readonly act: (item: Item) => void; readonly signal: AbortSignal },
): Promise<void> {
  let startMs = clock.monotonicMs();
  for (const item of items) {
    act(item);
    if (clock.monotonicMs() - startMs < turnMs) continue;
    await timers.yield();
    if (signal.aborted) return;
    startMs = clock.monotonicMs();
  }
}
