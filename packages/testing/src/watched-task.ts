import { messageOf } from "@millrace/model";
import { placeOf, type Serde, type SerdePart } from "@millrace/serde";
import type { RecordContext, StoreSpecification } from "@millrace/state";
import type {
  ErrorPlace,
  GlobalStore,
  ProcessorNode,
  ProcessorSupplier,
  StreamRecord,
  StreamsError,
  Subtopology,
} from "@millrace/streams";

import type { ExplainedRun } from "./explained-run.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { changelogEntryText, entryText, readWith, textOf } from "./record-text.ts";

/** Tells an `ExplainedRun` what a task does, seen from outside: its processors, what it writes, and what it leaves out. */
export class WatchedTask {
  readonly #run: ExplainedRun;
  readonly #context: RecordContext;
  /** Operators of which something may come without a record: out of a cache, or by a timer. */
  readonly #processors = new Set<string>();
  /** Parents of the sinks of a topic. */
  readonly #writers = new Map<string, readonly string[]>();
  /** How records of a topic are told: of sinks and changelogs. */
  readonly #topics = new Map<string, (record: ProducedRecord) => string>();
  #input = "";
  #origin = "";

  constructor(run: ExplainedRun, context: RecordContext) {
    this.#run = run;
    this.#context = context;
  }

  /** The same, with processors that are watched. */
  watch(subtopology: Subtopology): Subtopology {
    const stores = new Map(subtopology.stores.map((store) => [store.name, store]));
    for (const node of subtopology.nodes)
      if (node.kind === "processor") this.#processors.add(node.name);
      else if (node.kind === "sink" && typeof node.topic === "string") {
        const { topic, keySerde, valueSerde, parents } = node;
        this.#writers.set(topic, [...(this.#writers.get(topic) ?? []), ...parents]);
        this.#topics.set(topic, ({ key, value, headers }) => {
          const read = (serde: Serde<unknown>, bytes: Uint8Array | null, part: SerdePart) =>
            readWith(serde, { bytes, topic, place: placeOf(part, headers) });
          return `-> ${topic}  ${entryText(read(keySerde, key, "key"), read(valueSerde, value, "value"))}`;
        });
      }
    for (const { name, store } of subtopology.changelogTopics) {
      const specification: StoreSpecification | undefined = stores.get(store);
      if (specification !== undefined)
        this.#topics.set(
          name,
          (record) => `store ${store}  ${changelogEntryText(specification, record)}`,
        );
    }
    const nodes = subtopology.nodes.map((node) =>
      node.kind === "processor" ? this.#watched(node) : node,
    );
    return { ...subtopology, nodes };
  }

  watchGlobal(store: GlobalStore): GlobalStore {
    return { ...store, processor: this.#watched(store.processor) };
  }

  begin(title: string): void {
    this.#input = "";
    this.#origin = "";
    this.#run.begin(title);
  }

  onWrite(record: ProducedRecord): void {
    const text =
      this.#topics.get(record.topic)?.(record) ??
      `-> ${record.topic}  ${entryText(record.key, record.value)}`;
    this.#belowOrigin(this.#writers.get(record.topic) ?? [], () =>
      this.#run.note(`${text}  at ${record.timestamp}`),
    );
  }

  onDrop(reason: string, { node }: ErrorPlace): void {
    this.#run.note(
      `left out: ${reason}${node === undefined || !this.#run.isAtTop ? "" : ` (${node})`}`,
    );
  }

  onPassedOver({ node, cause }: StreamsError): void {
    const place = node === undefined ? "" : ` at ${node}`;
    this.#run.note(`passed over${place}: ${messageOf(cause)}`);
  }

  #watched(node: ProcessorNode): ProcessorNode {
    const supplier: ProcessorSupplier = () => {
      const processor = node.supplier();
      if (!Object.isExtensible(processor)) return processor;
      const process = processor.process.bind(processor);
      return Object.assign(processor, {
        process: (record: StreamRecord) => {
          this.#noteInput();
          this.#belowOrigin(node.parents, () => {
            this.#noteNode(node.name, record);
            this.#run.within(() => process(record));
          });
        },
      });
    };
    return { ...node, supplier };
  }

  #noteInput(): void {
    const { topic, offset } = this.#context;
    const input = `${topic} #${offset}`;
    if (!this.#run.isAtTop || topic === null || input === this.#input) return;
    this.#input = input;
    this.#origin = "";
    this.#run.note(`from ${input}`);
  }

  /** What does not come from a source, but from a cache, a timer or a call that has ended, stands below its operator. */
  #belowOrigin(parents: readonly string[], body: () => void): void {
    if (!this.#run.isAtTop) {
      body();
      return;
    }
    const origin = parents.filter((name) => this.#processors.has(name)).join(" or ");
    if (origin !== "" && origin !== this.#origin) this.#run.note(`out of ${origin}`);
    this.#origin = origin;
    if (origin === "") body();
    else this.#run.within(body);
  }

  #noteNode(name: string, record: StreamRecord): void {
    const { key, value, oldValue, timestamp } = record;
    const before = oldValue === undefined ? "" : ` (was ${textOf(oldValue)})`;
    this.#run.note(`${name}  ${entryText(key, value)}${before}  at ${timestamp}`);
  }
}
