import {
  SampledValues,
  showSampled,
  type Clock,
  type Metrics,
  type MetricTags,
} from "@millrace/platform";
import type { StateStore } from "../contract/state-store.ts";
import type { BufferSizes } from "../contract/store-operation.ts";
import { replaceMethods } from "./replace-methods.ts";

export interface MeasuredBuffer {
  readonly metrics: Pick<Metrics, "gauge">;
  readonly clock: Clock;
  readonly tags: MetricTags;
}

/** Has measured what a store holds back (Kafka: `suppression-buffer-count`, `suppression-buffer-size`). */
export function measureBuffer<Store extends StateStore>(
  store: Store,
  buffer: BufferSizes<Store>,
  { metrics, clock, tags }: MeasuredBuffer,
): void {
  const [counts, bytes] = [new SampledValues(clock), new SampledValues(clock)];
  const names = (what: string) =>
    ({
      [`suppression-buffer-${what}-avg`]: "average",
      [`suppression-buffer-${what}-max`]: "most",
    }) as const;
  showSampled(metrics, counts, names("count"), tags);
  showSampled(metrics, bytes, names("size"), tags);
  replaceMethods(store, buffer.changedBy, (call) => {
    const answer = call();
    counts.record(buffer.count(store));
    bytes.record(buffer.bytes(store));
    return answer;
  });
}
