// Mistakes with processors, with the line that the compiler prints for each; see `mistakes.ts`.
import { double, int64AsNumber, json, keyValueStore, StreamsBuilder, string } from "millrace";

interface Order {
  readonly id: string;
  readonly total: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const stock = keyValueStore({ name: "stock", key: string(), value: int64AsNumber() });
const unnamed = builder.table("customers", { key: string(), value: string() });
const named = builder.table("products", { key: string(), value: string(), store: "products" });

//! Argument of type 'StreamRecord<string, string>' is not assignable to parameter of type 'StreamRecord<string, number>'.
orders.process({
  output: { key: string(), value: double() },
  process: (record, { forward }) => forward(record.withValue("a")),
});

//! Property 'okay' does not exist on type '{ readonly ok: (record: StreamRecord<string, Order>) => void; }'.
orders.process({
  outputs: { ok: { key: string(), value: json<Order>() } },
  process: (record, { forwardTo }) => forwardTo.okay(record),
});

//! Property 'stocks' does not exist on type 'ProcessContext<undefined> & OpenedStores<{ readonly stock: StoreSpecification<KeyValueStore<string, number>>; }> & { ...; }'.
orders.process({
  stores: { stock },
  process: (record, { stocks }) => stocks.put(record.key, 1),
});

//! Type 'StoreSpecification<KeyValueStore<string, number>>' is not assignable to type '"A store cannot be called 'commit': the context has that name"'.
orders.process({
  stores: { commit: stock },
  process() {},
});

//! Argument of type 'string' is not assignable to parameter of type 'number'.
orders.process({
  stores: { stock },
  process: (record, { stock: store }) => store.put(record.key, record.value.id),
});

//! Type 'Promise<void>' is not assignable to type '"process is synchronous: its callback must not give a promise"'.
orders.process({
  stores: { stock },
  process: async (record, { stock: store }) => store.put(record.key, 1),
});

//! Argument of type '() => Promise<void>' is not assignable to parameter of type '(timestamp: number) => "a timer is synchronous: its callback must not give a promise"'.
orders.process({
  init: ({ schedule }) => schedule("1m", "wallClockTime", async () => {}),
  process() {},
});

//! Property 'withKey' does not exist on type 'FixedKeyRecord<string, Order>'.
orders.processValues({ process: (record, { forward }) => forward(record.withKey("a")) });

//! Type '{ key: string; }' is missing the following properties from type 'FixedKeyRecord<string, Order>': #private, value, timestamp, headers, and 4 more.
orders.processValues({ process: (record, { forward }) => forward({ ...record, key: "a" }) });

//! Type 'KTable<string, string | null, "known", "known", "unnamed">' is not assignable to type 'KTable<string, string | null, "known", "known", "unnamed"> & "The table has no store of its own: name one where it is made, { store: 'customers' }"'.
orders.processValues({
  stores: { customers: unnamed },
  process: (record, { forward }) => forward(record),
});

//! Property 'put' does not exist on type 'ReadOnlyKeyValueStore<string, ValueAndTimestamp<string>>'.
orders.processValues({
  stores: { products: named },
  process: (record, { products }) => products.put(record.key, null),
});

//! Type 'string' is not assignable to type 'StoreHandle'.
orders.process({ stores: { stock: "stock" }, process() {} });

const customers = builder.table("countries", {
  key: string(),
  value: json<{ readonly country: string }>(),
});

//! Type 'Promise<string>' is not assignable to type '"transformValues is synchronous: its callback must not give a promise"'.
customers.transformValues({ transform: async (customer) => customer?.country ?? "none" });

//! Type 'string | undefined' is not assignable to type '"transformValues takes no undefined: its callback must give a value, or null where there is none"'.
customers.transformValues({ transform: (customer) => customer?.country });

//! 'customer' is possibly 'null'.
customers.transformValues({ transform: (customer) => customer.country });

//! Argument of type '{ transform: () => string; }' is not assignable to parameter of type '"A store needs the value's serde: transformValues(definition, { store: '…', value: json(Schema) })"'.
customers.transformValues({ transform: () => "none" }, { store: "countries" });
