import { isNamed, type AvroSchema, type RecordSchema } from "../schema/avro-schema.ts";

/** True where two schemas are the same part by part, but for namespaces and what no bytes depend on. */
export function areEquivalent(writer: AvroSchema, reader: AvroSchema): boolean {
  return new Equivalence().holds(writer, reader);
}

class Equivalence {
  readonly #records = new Map<RecordSchema, Map<RecordSchema, boolean>>();

  holds(writer: AvroSchema, reader: AvroSchema): boolean {
    if (isNamed(writer) && isNamed(reader) && writer.name.short !== reader.name.short) return false;
    switch (writer.kind) {
      case "array":
        return reader.kind === "array" && this.holds(writer.items, reader.items);
      case "map":
        return reader.kind === "map" && this.holds(writer.values, reader.values);
      case "fixed":
        return reader.kind === "fixed" && writer.size === reader.size;
      case "enum":
        return (
          reader.kind === "enum" && this.#isEach(writer.symbols, reader.symbols, (a, b) => a === b)
        );
      case "union":
        return (
          reader.kind === "union" &&
          this.#isEach(writer.branches, reader.branches, (a, b) => this.holds(a, b))
        );
      case "record":
        return reader.kind === "record" && this.#record(writer, reader);
      default:
        return writer.kind === reader.kind;
    }
  }

  #record(writer: RecordSchema, reader: RecordSchema): boolean {
    let known = this.#records.get(writer);
    if (known === undefined) this.#records.set(writer, (known = new Map()));
    const found = known.get(reader);
    if (found !== undefined) return found;
    known.set(reader, true);
    const isSame = this.#isEach(
      writer.fields,
      reader.fields,
      (a, b) => a.name === b.name && this.holds(a.schema, b.schema),
    );
    known.set(reader, isSame);
    return isSame;
  }

  #isEach<Part>(
    left: readonly Part[],
    right: readonly Part[],
    isSame: (left: Part, right: Part) => boolean,
  ): boolean {
    return left.length === right.length && left.every((part, index) => isSame(part, right[index]));
  }
}
