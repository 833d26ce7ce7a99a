import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import {
  joinWindowStore,
  listValueStore,
  type StoreEngineKind,
  type StoreSpecification,
} from "@millrace/state";

import { TopologyError } from "../../../error/topology-error.ts";
import { checkName } from "../../../plan/naming.ts";
import type { StoreDefaults } from "../../../topology/store-defaults.ts";
import { requireDuration, sizeOf, type JoinWindow } from "./join-window.ts";
import type { JoinSide, StreamsJoin, StreamsJoinOperator, UnmatchedTime } from "./streams-join.ts";
import { unmatchedKeySerde, unmatchedValueSerde } from "./unmatched.ts";

/** How a join of streams keeps its records (Kafka: `StreamJoined`). They are never cached. A text is the names' base. */
export type JoinStoreOption = string | JoinStoreOptions;

export interface JoinStoreOptions {
  /** What the names of its stores begin with; default: generated ones. */
  readonly name?: string;
  /** Default: `storeEngine` of `build`. `rocksdb` is in memory too where the application has no RocksDB. */
  readonly engine?: StoreEngineKind;
  /** False: no changelogs; what the stores hold is gone with the disk. Default true. */
  readonly logging?: boolean;
  /** How long records are kept to be met by late ones. Default, and at least: the width of the window, and the grace. */
  readonly retention?: Duration;
}

export interface JoinStores {
  readonly names: Pick<StreamsJoin, "stores" | "unmatched">;
  /** Of those that the user did not choose. */
  readonly generatedNames: readonly string[];
  specify(side: JoinSide, defaults: StoreDefaults): StoreSpecification;
  /** Undefined: none is needed. */
  specifyUnmatched(defaults: StoreDefaults): StoreSpecification | undefined;
}

interface StoredJoin {
  readonly operator: StreamsJoinOperator;
  readonly window: JoinWindow;
  readonly serdes: Readonly<Record<JoinSide | "key", Serde<unknown>>>;
  readonly generated: Readonly<Record<JoinSide, string>>;
  readonly unmatchedTime: UnmatchedTime;
}

/** @throws TopologyError `INVALID_NAME`, `INVALID_WINDOWS` */
export function planJoinStores(join: StoredJoin, given: JoinStoreOption = {}): JoinStores {
  const { window, serdes } = join;
  const {
    name: base,
    logging = true,
    ...options
  } = typeof given === "string" ? { name: given } : given;
  const names = namesOf(join, base);
  const all = [...Object.values(names.stores), names.unmatched].filter(
    (name) => name !== undefined,
  );
  for (const name of all) checkName(name);
  const windowSize = sizeOf(window);
  const retention = retentionOf(join, options.retention);
  return {
    names,
    generatedNames: base === undefined ? all : [],
    specify: (side, defaults) =>
      joinWindowStore<unknown, unknown>({
        name: names.stores[side],
        key: serdes.key,
        value: serdes[side],
        windowSize,
        retention,
        logging,
        engine: options.engine ?? defaults.engine,
        headers: defaults.headers,
      }) as StoreSpecification,
    specifyUnmatched: (defaults) =>
      names.unmatched === undefined
        ? undefined
        : listValueStore({
            name: names.unmatched,
            key: unmatchedKeySerde(serdes.key),
            value: unmatchedValueSerde(serdes.left, serdes.right),
            logging,
            engine: options.engine ?? defaults.engine,
          }),
  };
}

/** Behind the names of nodes and stores alike: of the left side, the right side, and what both share. */
export const suffixes = {
  join: ["-this-join", "-other-join", undefined],
  leftJoin: ["-this-join", "-outer-other-join", "-left-shared-join"],
  outerJoin: ["-outer-this-join", "-outer-other-join", "-outer-shared-join"],
} as const;

/** As in Kafka, generated names of nodes are those of stores, whatever the user calls the nodes. */
function namesOf(
  { operator, generated, unmatchedTime }: StoredJoin,
  base: string | undefined,
): JoinStores["names"] {
  const nameOf = (generatedName: string, suffix: string): string =>
    `${base === undefined ? generatedName : base + suffix}-store`;
  const [left, right, shared] = suffixes[operator];
  const index = generated.left.slice(-10);
  return {
    stores: { left: nameOf(generated.left, left), right: nameOf(generated.right, right) },
    unmatched:
      shared === undefined || unmatchedTime === "atOnce"
        ? undefined
        : nameOf(`KSTREAM-OUTERSHARED-${index}`, shared),
  };
}

function retentionOf({ operator, window }: StoredJoin, given: Duration | undefined): number {
  const leastMs = sizeOf(window) + window.graceMs;
  if (given === undefined) return leastMs;
  const retentionMs = requireDuration(given, `retention of ${operator}`);
  if (retentionMs >= leastMs) return retentionMs;
  throw new TopologyError(
    "INVALID_WINDOWS",
    `retention of ${operator} is ${retentionMs} ms, less than the ${leastMs} ms of its window and grace; give at least that`,
  );
}
