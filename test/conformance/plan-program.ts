import {
  StreamsBuilder,
  type StoreOptions,
  type Topology,
  type TopologyOptimization,
} from "@millrace/streams";

import { flat, mapper, predicate, timestamps, topicName } from "./functions.ts";
import {
  asStream,
  named,
  typesOf,
  type Handle,
  type KnownTable,
  type Stream,
  type Table,
  type TableGroups,
  type Types,
} from "./handles.ts";
import { joiner } from "./joiners.ts";
import { planAggregation, planCogroup, planWindows } from "./plan-aggregations.ts";
import { globalStore, globalTable, joinGlobally } from "./plan-globals.ts";
import { NodePlan, noteStore, processStatement, type ProcessorWorld } from "./plan-nodes.ts";
import { splitStream } from "./plan-split.ts";
import { joinStreams } from "./plan-stream-joins.ts";
import { suppressedOf } from "./suppress-buffers.ts";
import {
  asList,
  asObject,
  asText,
  textOrUndefined,
  type JsonObject,
  type Program,
} from "./program.ts";
import { ArgumentError, lift, serdeOf } from "./values.ts";

export interface PlannedProgram {
  readonly topology: Topology;
  /** Key and value types of the source topics and patterns, for the steps' records. */
  readonly topicTypes: ReadonlyMap<string, Types>;
  readonly storeTypes: ReadonlyMap<string, Types>;
}

/** Turns a program's statements into calls of the DSL, one statement one call, serdes given wherever it takes them. */
export class ProgramPlan {
  readonly #builder = new StreamsBuilder();
  readonly #handles = new Map<string, Handle>();
  readonly #topicTypes = new Map<string, Types>();
  readonly #storeTypes = new Map<string, Types>();
  readonly #processors: ProcessorWorld = {
    stores: new Map(),
    topicTypes: this.#topicTypes,
    storeTypes: this.#storeTypes,
    tableOf: (store) => {
      for (const { node } of this.#handles.values())
        if ((node.kind === "table" || node.kind === "globalTable") && node.storeName === store)
          return node;
      return undefined;
    },
  };

  build({ program, config = {} }: Program): PlannedProgram {
    for (const statement of program) {
      const handle = this.#read(statement);
      if (handle !== undefined && statement["let"] !== undefined)
        this.#handles.set(asText(statement["let"]), handle);
    }
    const { optimize, explicitNames, stores, storeFormat } = config;
    const topology = this.#builder.build({
      ...(optimize === undefined ? {} : { optimize: optimizations(asText(optimize)) }),
      requireExplicitNames: explicitNames === true,
      storeEngine: stores === "rocksdb" ? "rocksdb" : "memory",
      storeFormat: storeFormat === "headers" ? "headers" : "default",
    });
    const nodes = new NodePlan(topology, this.#processors);
    for (const statement of program) nodes.add(statement);
    return { topology, topicTypes: this.#topicTypes, storeTypes: this.#storeTypes };
  }

  #read(st: JsonObject): Handle | undefined {
    switch (st["op"]) {
      case "stream":
        return this.#stream(st);
      case "table":
        return this.#table(st);
      case "globalTable":
      case "globalStore":
        return this.#global(st);
      case "windowedBy":
        return planWindows(st, this.#on(st));
      case "cogroup": {
        const other = st["with"] === undefined ? undefined : this.#handle(asText(st["with"]));
        return planCogroup(st, this.#on(st), other);
      }
      case "groupByKey":
      case "groupBy":
        return this.#group(st);
      case "count":
      case "reduce":
      case "aggregate":
        return planAggregation(st, this.#on(st), (statement, types) =>
          this.#store(statement, types),
        );
      case "toStream":
        return this.#toStream(st);
      case "stateStore":
        this.#builder.addStateStore(noteStore(st, this.#processors).specification);
        return undefined;
      case "process":
      case "processValues":
        return processStatement(st, this.#on(st), this.#processors);
      case "addSource":
      case "addProcessor":
      case "addSink":
      case "addReadOnlyStore":
        return undefined; // for the topology, once it is built
      default:
        return this.#operator(st);
    }
  }

  #stream(st: JsonObject): Handle {
    const types = typesOf(st);
    const pattern = textOrUndefined(st["pattern"]);
    if (pattern === undefined && st["topics"] === undefined)
      throw new ArgumentError("a stream needs topics or a pattern");
    const topics = pattern === undefined ? asList(st["topics"]).map(asText) : [pattern];
    for (const topic of topics) this.#topicTypes.set(topic, types);
    const extractor = timestamps(st["timestamps"]);
    const node = this.#builder.stream<unknown, unknown>(
      pattern === undefined ? topics : new RegExp(pattern),
      {
        key: serdeOf(types.key),
        value: serdeOf(types.value),
        ...named(st),
        ...(extractor === undefined ? {} : { timestampExtractor: extractor }),
      },
    );
    return { node, ...types };
  }

  #table(st: JsonObject): Handle {
    const types = typesOf(st);
    const topic = asText(st["topic"]);
    this.#topicTypes.set(topic, types);
    const extractor = timestamps(st["timestamps"]);
    const node = this.#builder.table(topic, {
      key: serdeOf(types.key),
      value: serdeOf(types.value),
      ...named(st),
      ...(extractor === undefined ? {} : { timestampExtractor: extractor }),
      ...(st["store"] === undefined ? {} : { store: this.#store(st, types) }),
    });
    return { node: node as Table, ...types };
  }

  #global(st: JsonObject): Handle | undefined {
    const types = typesOf(st);
    this.#topicTypes.set(asText(st["topic"]), types);
    if (st["op"] === "globalTable") {
      const node = globalTable(st, types, this.#builder);
      if (node.storeName !== undefined) this.#storeTypes.set(node.storeName, types);
      return { node, ...types };
    }
    globalStore(st, types, { builder: this.#builder, world: this.#processors });
    return undefined;
  }

  #operator(st: JsonObject): Handle | undefined {
    const on = this.#on(st);
    if (on.node.kind === "table") return this.#tableOperator(st, on, on.node);
    const stream = asStream(on);
    const name = named(st);
    const given = (value: unknown): unknown => lift(value, on.value);
    switch (st["op"]) {
      case "filter":
      case "filterNot": {
        const test = predicate(st["fn"]);
        const node =
          st["op"] === "filter"
            ? stream.filter((v, k) => test(k, given(v)), name)
            : stream.filterNot((v, k) => test(k, given(v)), name);
        return { ...on, node };
      }
      case "map": {
        const key = mapper(st["key"], on.key, on.value);
        const value = mapper(st["value"], on.key, on.value);
        const node = stream.map(
          (v, k) => ({ key: key.of(k, given(v)), value: value.of(k, given(v)) }),
          name,
        );
        return { node, key: key.type, value: value.type };
      }
      case "mapValues": {
        const fn = mapper(st["fn"], on.key, on.value);
        return {
          ...on,
          node: stream.mapValues((v, k) => fn.of(k, given(v)), name),
          value: fn.type,
        };
      }
      case "flatMap": {
        const fn = flat(st["fn"], on.key, on.value);
        const node = stream.flatMap((v, k) => fn.of(k, given(v)), name);
        return { node, key: fn.key, value: fn.value };
      }
      case "flatMapValues": {
        const fn = flat(st["fn"], on.key, on.value);
        const node = stream.flatMapValues(
          (v, k) => fn.of(k, given(v)).map((pair) => pair.value),
          name,
        );
        return { ...on, node, value: fn.value };
      }
      case "selectKey": {
        const fn = mapper(st["fn"], on.key, on.value);
        return { ...on, node: stream.selectKey((v, k) => fn.of(k, given(v)), name), key: fn.type };
      }
      case "repartition": {
        const { partitions } = st;
        const options = { key: serdeOf(on.key), value: serdeOf(on.value), ...name };
        const count = partitions === undefined ? {} : { partitions: Number(partitions) };
        return { ...on, node: stream.repartition({ ...options, ...count }) };
      }
      case "toTable": {
        const options = { key: serdeOf(on.key), value: serdeOf(on.value), ...name };
        const node = stream.toTable({ ...options, store: this.#store(st, on) });
        return { ...on, node: node as Table };
      }
      case "split":
        for (const [name, handle] of splitStream(st, on)) this.#handles.set(name, handle);
        return undefined;
      case "join":
      case "leftJoin":
      case "outerJoin":
        return this.#joinStream(st, on, stream);
      case "peek":
        return { ...on, node: stream.peek(() => {}, name) };
      case "foreach":
        stream.foreach(() => {}, name);
        return undefined;
      case "merge": {
        const other = asStream(this.#handle(asText(st["with"])));
        return { ...on, node: stream.merge(other, name) };
      }
      case "to":
        this.#to(st, on);
        return undefined;
      default:
        throw new ArgumentError(`unknown operation ${JSON.stringify(st)}`);
    }
  }

  #joinStream(st: JsonObject, on: Handle, stream: Stream): Handle {
    const other = this.#handle(asText(st["with"]));
    if (other.node.kind === "globalTable") return joinGlobally(st, { on, other });
    if (other.node.kind === "stream") return joinStreams(st, { on, other }, [stream, other.node]);
    if (other.node.kind !== "table") throw new ArgumentError("a stream is joined with a table");
    const fn = joiner(st["fn"], on.value, other.value);
    const join = (l: unknown, r: unknown, k: unknown): unknown =>
      fn.of(k, lift(l, on.value), lift(r, other.value));
    const options = {
      key: serdeOf(on.key),
      left: serdeOf(on.value),
      ...named(st),
      ...(st["grace"] === undefined ? {} : { grace: Number(st["grace"]) }),
    };
    const node =
      st["op"] === "join"
        ? stream.join(other.node, join, options)
        : stream.leftJoin(other.node, join, options);
    return { node: node as Stream, key: on.key, value: fn.type };
  }

  #joinTables(st: JsonObject, on: Handle, table: Table): Handle {
    const other = this.#handle(asText(st["with"]));
    if (other.node.kind !== "table") throw new ArgumentError("a table is joined with a table");
    const fn = joiner(st["fn"], on.value, other.value);
    const join = (l: unknown, r: unknown): unknown =>
      fn.of(null, lift(l, on.value), lift(r, other.value));
    const types = { key: on.key, value: fn.type };
    const options = { ...named(st), value: serdeOf(fn.type), ...this.#optionalStore(st, types) };
    if (st["foreignKey"] !== undefined) {
      const key = mapper(st["foreignKey"], on.key, on.value);
      const foreignKey = (v: unknown, k: unknown): unknown => key.of(k, lift(v, on.value));
      const byKey = { ...options, foreignKey };
      const [left, right] = [table as KnownTable, other.node as KnownTable];
      const node =
        st["op"] === "join" ? left.join(right, join, byKey) : left.leftJoin(right, join, byKey);
      return { ...types, node: node as Table };
    }
    const right = other.node;
    const node =
      st["op"] === "join"
        ? table.join(right, join, options)
        : st["op"] === "leftJoin"
          ? table.leftJoin(right, join, options)
          : table.outerJoin(right, join, options);
    return { ...types, node: node as Table };
  }

  #tableOperator(st: JsonObject, on: Handle, table: Table): Handle {
    const name = named(st);
    const given = (value: unknown): unknown => lift(value, on.value);
    switch (st["op"]) {
      case "filter":
      case "filterNot": {
        const test = predicate(st["fn"]);
        const options = { ...name, ...this.#optionalStore(st, on) };
        const decide = (v: unknown, k: unknown): boolean => test(k, given(v));
        const node =
          st["op"] === "filter" ? table.filter(decide, options) : table.filterNot(decide, options);
        return { ...on, node };
      }
      case "mapValues": {
        const fn = mapper(st["fn"], on.key, on.value);
        const types = { key: on.key, value: fn.type };
        const options = { ...name, value: serdeOf(fn.type), ...this.#optionalStore(st, types) };
        return { ...types, node: table.mapValues((v, k) => fn.of(k, given(v)), options) as Table };
      }
      case "transformValues": {
        const fn = mapper(st["fn"], on.key, on.value);
        const types = { key: on.key, value: fn.type };
        const options = { ...name, value: serdeOf(fn.type), ...this.#optionalStore(st, types) };
        const transform = (v: unknown, k: unknown): unknown => fn.of(k, given(v));
        return { ...types, node: table.transformValues({ transform }, options) as Table };
      }
      case "suppress":
        return { ...on, node: table.suppress(suppressedOf(st) as never, name) as Table };
      case "join":
      case "leftJoin":
      case "outerJoin":
        return this.#joinTables(st, on, table);
      default:
        throw new ArgumentError(`unknown operation on a table ${JSON.stringify(st)}`);
    }
  }

  #optionalStore(st: JsonObject, types: Types): { readonly store?: StoreOptions } {
    return st["store"] === undefined ? {} : { store: this.#store(st, types) };
  }

  #to(st: JsonObject, on: Handle): void {
    const options = { key: serdeOf(on.key), value: serdeOf(on.value), ...named(st) };
    if (st["topicFrom"] === undefined) {
      asStream(on).to(asText(st["topic"]), options);
      return;
    }
    const choose = topicName(st["topicFrom"]);
    // Its name stands in `describe()`.
    const extractor = {
      TopicFrom: (value: unknown, key: unknown) => choose(key, lift(value, on.value)),
    };
    asStream(on).to(extractor.TopicFrom, options);
  }

  #toStream(st: JsonObject): Handle {
    const on = this.#on(st);
    if (on.node.kind !== "table") throw new ArgumentError("toStream needs a table");
    const { node } = on;
    if (st["fn"] === undefined) return { ...on, node: node.toStream(named(st)) };
    const fn = mapper(st["fn"], on.key, on.value);
    const select = (v: unknown, k: unknown): unknown => fn.of(k, lift(v, on.value));
    return { ...on, node: node.toStream(select, named(st)), key: fn.type };
  }

  #group(st: JsonObject): Handle {
    const on = this.#on(st);
    if (on.node.kind === "table") return this.#groupTable(st, on, on.node);
    const stream = asStream(on);
    const value = serdeOf(on.value);
    if (st["op"] === "groupByKey")
      return { ...on, node: stream.groupByKey({ key: serdeOf(on.key), value, ...named(st) }) };
    const fn = mapper(st["fn"], on.key, on.value);
    const node = stream.groupBy((v, k) => fn.of(k, lift(v, on.value)), {
      key: serdeOf(fn.type),
      value,
      ...named(st),
    });
    return { ...on, node, key: fn.type };
  }

  #groupTable(st: JsonObject, on: Handle, table: Table): Handle {
    const key = mapper(st["key"], on.key, on.value);
    const value = mapper(st["value"], on.key, on.value);
    const node = table.groupBy(
      (v, k) => ({ key: key.of(k, lift(v, on.value)), value: value.of(k, lift(v, on.value)) }),
      { key: serdeOf(key.type), value: serdeOf(value.type), ...named(st) },
    );
    return { node: node as TableGroups, key: key.type, value: value.type };
  }

  #store(st: JsonObject, types: Types): StoreOptions {
    const store = asObject(st["store"]);
    const { name, caching, logging, retention } = store;
    if (name !== undefined) this.#storeTypes.set(asText(name), types);
    return {
      ...(name === undefined ? {} : { name: asText(name) }),
      ...kindOfStore(store),
      ...(caching === undefined ? {} : { caching: caching === true }),
      ...(logging === undefined ? {} : { logging: logging === true }),
      ...(retention === undefined ? {} : { retention: Number(retention) }),
    };
  }

  #on(st: JsonObject): Handle {
    return this.#handle(asText(st["on"]));
  }

  #handle(name: string): Handle {
    const handle = this.#handles.get(name);
    if (handle === undefined) throw new ArgumentError(`there is no handle ${name}`);
    return handle;
  }
}

function optimizations(text: string): "all" | "none" | readonly TopologyOptimization[] {
  if (text === "all" || text === "none") return text;
  return text.split(",").map((word) => word.trim() as TopologyOptimization);
}

/** A store type of the DSL, or what a supplier of Java's makes. */
function kindOfStore({ type, history, segment, entries }: JsonObject): StoreOptions {
  switch (type) {
    case "versioned":
      return {
        historyRetention: Number(history),
        ...(segment === undefined ? {} : { segmentInterval: Number(segment) }),
      };
    case "lru":
      return { entriesMax: Number(entries) };
    case "plain":
      return { timestamps: false };
    case "rocksdb":
    case "memory":
      return { engine: type };
    default:
      return {};
  }
}
