// Measures Protobuf in a process of its own, as programs run it: `node protobuf-costs.ts ROUNDS RECORDS MEMORY_RECORDS
// [WHAT…]`; what is not named is left out.
import { protobuf } from "@millrace/serde-protobuf";

import { costBeside, heapGrowth, type RecordWork } from "./measure-cost.ts";
import { bareOrder, bareType, order, orderSchema, versionsOf } from "./protobuf-records.ts";

const [rounds, records, memoryRecords] = process.argv.slice(2, 5).map(Number);
const wanted = process.argv.slice(5);
const size = { rounds, records };

function report(what: string, measure: () => object): void {
  if (wanted.length > 0 && !wanted.includes(what)) return;
  process.stdout.write(`${JSON.stringify({ what, ...measure() })}\n`);
}

/** Each record in turn. */
function inTurn(all: readonly Uint8Array[], read: (record: Uint8Array) => unknown): RecordWork {
  let next = 0;
  return () => {
    if (next === all.length) next = 0;
    return read(all[next++]);
  };
}

// Records come as plain views, not as Buffers.
const bytes = Uint8Array.from(bareType.encode(bareOrder).finish());
const one = versionsOf(1, "own");
const [framed] = one.records;
const reflected = protobuf<object>(orderSchema(), { message: "Order" });
const byClass = protobuf<object>(bareType);
const encode: RecordWork = () => bareType.encode(bareOrder).finish();
const decode: RecordWork = () => bareType.decode(bytes);

const works: Readonly<Record<string, readonly [RecordWork, RecordWork]>> = {
  "writing by a schema": [() => reflected.serialize(order, "t"), encode],
  "reading by a schema": [() => reflected.deserialize(bytes, "t"), decode],
  "writing with a registry": [() => one.serde.serialize(order, "orders"), encode],
  "reading with a registry": [() => one.serde.deserialize(framed, "orders"), decode],
  "writing by a class": [() => byClass.serialize(bareOrder, "t"), encode],
  "reading by a class": [() => byClass.deserialize(bytes, "t"), decode],
};
for (const [what, [work, bare]] of Object.entries(works)) {
  report(what, () => costBeside(work, bare, size));
}
for (const readsAs of ["own", "theirs"] as const) {
  const many = versionsOf(50, readsAs);
  const single = versionsOf(1, readsAs);
  report(`50 versions beside one, read as ${readsAs}`, () =>
    costBeside(
      inTurn(many.records, (record) => many.serde.deserialize(record, "orders")),
      inTurn(single.records, (record) => single.serde.deserialize(record, "orders")),
      size,
    ),
  );
}
const { serde, records: all } = versionsOf(50, "own");
report("memory", () => ({
  growth: heapGrowth(
    inTurn(all, (record) => serde.serialize(serde.deserialize(record, "orders"), "orders")),
    memoryRecords,
  ),
}));
