import type { KStream } from "./k-stream.ts";
import { toStream } from "./operators/to-stream.ts";
import type { SerdeState } from "./serde-state.ts";
import type { NamedOptions, StreamNode, TableNode } from "./stream-node.ts";

/** Makes the stream that stands for a place in the plan, whatever its types. */
export type AsStream = <K, V, KeyState extends SerdeState, ValueState extends SerdeState>(
  node: StreamNode,
) => KStream<K, V, KeyState, ValueState>;

/**
 * The last value of each key, and its changes (Kafka: `KTable`). `V` includes null where a key may be deleted.
 * A handle: queries and tests take it where they take a store's name.
 *
 * @example
 * const counts = orders.groupByKey().count({ store: "orders-per-customer" });
 */
export class KTable<
  K,
  V,
  KeyState extends SerdeState = SerdeState,
  ValueState extends SerdeState = SerdeState,
> {
  /** The table's place in the plan: for what builds on the DSL. */
  readonly node: TableNode;
  /** Only in types: what the table holds. */
  declare readonly carries: { readonly key: K; readonly value: V } & {
    readonly keySerde: KeyState;
    readonly valueSerde: ValueState;
  };

  readonly #asStream: AsStream;

  /** `asStream` makes the `KStream`: the table's file cannot import it, since streams lead to tables. */
  constructor(node: TableNode, asStream: AsStream) {
    this.node = node;
    this.#asStream = asStream;
  }

  /** Name of the store, for queries (Kafka: `queryableStoreName`); undefined where none was given. */
  get storeName(): string | undefined {
    return this.node.storeName;
  }

  /**
   * The changes as a stream: each new value, null where a key was deleted (Kafka: `KTable.toStream`).
   *
   * @example counts.toStream().to("counts")
   */
  toStream(options?: NamedOptions): KStream<K, V, KeyState, ValueState> {
    return this.#asStream(toStream(this.node, options));
  }
}
