import {
  OptionError,
  toMilliseconds,
  type Duration,
  type Timestamp,
  type Windowed,
} from "@millrace/model";
import type { StateStore } from "../../contract/state-store.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
} from "../../contract/store-specification.ts";
import { expiringChangelog } from "../changelog-configs.ts";
import { timeInKey } from "../segmented/row-keys.ts";
import type { RowOrder } from "../segmented/row-order.ts";
import type { SegmentedSpecification } from "../segmented/open-segmented-store.ts";

export interface WindowStoreOptions<K, V> extends StoreOptions<K, V> {
  /** It says where windows end; of those of several sizes, of the longest. */
  readonly windowSize: Duration;
  /** Of windows of several sizes: the end of the one that starts then. */
  readonly windowEnd?: ((start: Timestamp) => Timestamp) | undefined;
  /** What such windows are: versions of a program differ in it. */
  readonly windows?: string | undefined;
  /** How long windows are kept, from their start by the newest one: at least their size, and the grace of their operator. */
  readonly retention: Duration;
  /** True: each put is a row of its own, also with the same key and start; it is never cached. Default false. */
  readonly retainDuplicates?: boolean;
  /**
   * In what order windows of several keys are read (Kafka: `RocksDBTimeOrderedWindowStore`, with an index for
   * `timeOrKey`). Where it is not `key`, a window still shows while the newest one begins just the retention later. In
   * memory it is `time`. Default `key`.
   */
  readonly order?: RowOrder;
}

export interface WindowStoreSpecification<
  out Store extends StateStore = StateStore,
> extends SegmentedSpecification<Store> {
  readonly windowSizeMs: number;
  readonly windowEnd: (start: Timestamp) => Timestamp;
  readonly retainDuplicates: boolean;
}

/** @throws DurationError, OptionError `INVALID_OPTION` */
export function windowSpecificationOf<Store extends StateStore, K, V>(
  kind: StoreKind<Store>,
  options: WindowStoreOptions<K, V>,
): WindowStoreSpecification<Store> {
  const { name, retainDuplicates = false, order = "key" } = options;
  const windowSizeMs = toMilliseconds(options.windowSize, `windowSize of store ${name}`);
  const retentionMs = toMilliseconds(options.retention, `retention of store ${name}`);
  if (retentionMs < windowSizeMs)
    throw new OptionError(
      "INVALID_OPTION",
      `retention of store ${name} is ${retentionMs} ms, less than the ${windowSizeMs} ms of a window; give at least the size and the grace`,
    );
  const specification = specificationOf(kind, options);
  return Object.freeze({
    ...specification,
    ...(options.windows !== undefined && { windows: options.windows }),
    caching: specification.caching && !retainDuplicates,
    windowSizeMs,
    windowEnd: options.windowEnd ?? ((start: Timestamp) => start + windowSizeMs),
    retentionMs,
    retainDuplicates,
    order,
  });
}

/** See `SpecifiedKind`. */
export function windowInKey(
  { windowEnd }: WindowStoreSpecification,
  logged: Uint8Array,
): Windowed<Uint8Array> {
  const { keyEnd, time: start } = timeInKey(logged, 4);
  return { key: logged.slice(0, keyEnd), window: { start, end: windowEnd(start) } };
}

/** Of a store that retains duplicates no row is ever written again, so that there is nothing to compact. */
export function windowChangelog(
  specification: WindowStoreSpecification,
): Readonly<Record<string, string>> {
  const policy = specification.retainDuplicates ? "delete" : "compact,delete";
  return expiringChangelog(specification, specification.retentionMs, policy);
}
