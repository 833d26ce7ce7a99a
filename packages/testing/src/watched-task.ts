import type { RecordContext, StoreSpecification } from "@millrace/state";
import type {
  ErrorPlace,
  GlobalStore,
  ProcessorNode,
  ProcessorSupplier,
  StreamRecord,
  Subtopology,
} from "@millrace/streams";

import type { ExplainedRun } from "./explained-run.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { changelogEntryText, entryText, readWith, textOf } from "./record-text.ts";

/** Tells an `ExplainedRun` what a task does, seen from outside: its processors, what it writes, and what it leaves out. */
export class WatchedTask {
  readonly #run: ExplainedRun;
  readonly #context: RecordContext;
  /** How records of a topic are told: of sinks and changelogs. */
  readonly #topics = new Map<string, (record: ProducedRecord) => string>();
  #input = "";

  constructor(run: ExplainedRun, context: RecordContext) {
    this.#run = run;
    this.#context = context;
  }

  /** The same, with processors that are watched. */
  watch(subtopology: Subtopology): Subtopology {
    const stores = new Map(subtopology.stores.map((store) => [store.name, store]));
    for (const node of subtopology.nodes)
      if (node.kind === "sink" && typeof node.topic === "string") {
        const { topic, keySerde, valueSerde } = node;
        this.#topics.set(topic, (record) => {
          const key = readWith(keySerde, record.key, topic);
          return `-> ${topic}  ${entryText(key, readWith(valueSerde, record.value, topic))}`;
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
    this.#run.begin(title);
  }

  onWrite(record: ProducedRecord): void {
    const text =
      this.#topics.get(record.topic)?.(record) ??
      `-> ${record.topic}  ${entryText(record.key, record.value)}`;
    this.#run.note(`${text}  at ${record.timestamp}`);
  }

  onDrop(reason: string, { node }: ErrorPlace): void {
    this.#run.note(
      `left out: ${reason}${node === undefined || !this.#run.isAtTop ? "" : ` (${node})`}`,
    );
  }

  onPassedOver(node: unknown, cause: unknown): void {
    const place = typeof node === "string" ? ` at ${node}` : "";
    this.#run.note(
      `passed over${place}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }

  #watched(node: ProcessorNode): ProcessorNode {
    const supplier: ProcessorSupplier = () => {
      const processor = node.supplier();
      if (!Object.isExtensible(processor)) return processor;
      const process = processor.process.bind(processor);
      return Object.assign(processor, {
        process: (record: StreamRecord) => {
          this.#noteNode(node.name, record);
          this.#run.within(() => process(record));
        },
      });
    };
    return { ...node, supplier };
  }

  #noteNode(name: string, record: StreamRecord): void {
    const { topic, offset } = this.#context;
    const input = `${topic} #${offset}`;
    if (this.#run.isAtTop && topic !== null && input !== this.#input) {
      this.#input = input;
      this.#run.note(`from ${input}`);
    }
    const { key, value, oldValue, timestamp } = record;
    const before = oldValue === undefined ? "" : ` (was ${textOf(oldValue)})`;
    this.#run.note(`${name}  ${entryText(key, value)}${before}  at ${timestamp}`);
  }
}
