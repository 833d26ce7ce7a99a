import type { Metrics } from "@millrace/platform";
import type { Timestamp } from "@millrace/model";
import { withTimestamp } from "../bytes/timestamp-prefix.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { StoreOpening } from "../contract/task-stores.ts";
import type { BytesStore } from "../layers/bytes-store.ts";
import type { CacheBudget } from "../contract/cache-budget.ts";
import { CachedAccess } from "../layers/cached-access.ts";
import { DirectAccess } from "../layers/direct-access.ts";
import { LoggedStore } from "../layers/logged-store.ts";
import { MeteredStore } from "../layers/metered-store.ts";
import { Stage, type StageBudget } from "../layers/stage.ts";
import { StagedStore } from "../layers/staged-store.ts";
import { StoreFormat } from "../layers/store-format.ts";
import type { EngineArea } from "./engine-area.ts";
import { PlainKeyValueStore } from "./plain-key-value-store.ts";
import type { StoreScope } from "./store-scope.ts";
import { TimestampedStore } from "./timestamped-store.ts";

/** What the stores of one task have in common. */
export interface StoreEnvironment {
  readonly scope: StoreScope;
  readonly recordContext: RecordContext;
  readonly cache: CacheBudget;
  readonly stageBudget: StageBudget;
  readonly metrics: Pick<Metrics, "gauge"> | undefined;
}

/** One store with all its layers, bottom to top: engine, staged, logged, metered, cached, typed. */
export class OpenStore {
  readonly name: string;
  readonly area: EngineArea;
  readonly stage: Stage;
  readonly store: PlainKeyValueStore<unknown, unknown> | TimestampedStore<unknown, unknown>;
  /** True: its engine held entries of another layout, which were deleted. */
  readonly isReset: boolean;
  readonly #prefix: Uint8Array;
  readonly #isTimestamped: boolean;
  readonly #cached: CachedAccess<unknown, unknown> | null;

  constructor(opening: StoreOpening, area: EngineArea, environment: StoreEnvironment) {
    const { specification, changelogTopic: topic } = opening;
    const { name, isTimestamped, isCached } = specification;
    const { prefix, isReset } = area.claim(name, isTimestamped ? 2 : 1);
    this.name = name;
    this.area = area;
    this.isReset = isReset;
    this.#prefix = prefix;
    this.#isTimestamped = isTimestamped;
    this.stage = new Stage(environment.stageBudget);
    const bytes = byteLayers(
      opening,
      new StagedStore(area.engine, prefix, this.stage),
      environment,
    );
    const format = new StoreFormat(specification.key, specification.value, topic, isTimestamped);
    const { recordContext: context } = environment;
    this.#cached = isCached
      ? new CachedAccess({
          store: bytes,
          format,
          context,
          budget: environment.cache,
        })
      : null;
    const parts = {
      name,
      isPersistent: area.engine.isPersistent,
      access: this.#cached ?? new DirectAccess(bytes, format, context),
      format,
      scope: environment.scope,
    };
    this.store = isTimestamped ? new TimestampedStore(parts) : new PlainKeyValueStore(parts);
    const cached = this.#cached;
    if (cached !== null)
      environment.metrics?.gauge("hit-ratio-avg", () => cached.hitRatio, {
        "task-id": environment.scope.taskId,
        store: name,
      });
  }

  get hasDirty(): boolean {
    return this.#cached?.hasDirty ?? false;
  }

  get hasFailedFlush(): boolean {
    return this.#cached?.hasFailedFlush ?? false;
  }

  flush(isOver?: () => boolean): boolean {
    return this.#cached?.flush(isOver) ?? true;
  }

  discard(): void {
    this.#cached?.clear();
    this.stage.clear();
  }

  restore(key: Uint8Array, value: Uint8Array | null, timestamp: Timestamp): void {
    const stored =
      value === null ? null : this.#isTimestamped ? withTimestamp(value, timestamp) : value;
    this.stage.put(this.#prefix, key, stored);
    this.#cached?.forget(key);
  }
}

function byteLayers(
  { specification, changelog }: StoreOpening,
  staged: StagedStore,
  { metrics, scope }: StoreEnvironment,
): BytesStore {
  const { name, isLogged, isTimestamped } = specification;
  const logged =
    isLogged && changelog !== null ? new LoggedStore(staged, changelog, isTimestamped) : staged;
  return metrics === undefined
    ? logged
    : new MeteredStore(logged, metrics, { "task-id": scope.taskId, store: name });
}
