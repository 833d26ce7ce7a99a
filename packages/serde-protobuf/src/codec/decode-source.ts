/**
 * The body of a message's decoder, as protobufjs compiles it: `r` the reader, `e` the end, `d` the depth, `m` the message
 * that is read into, `g` the tag that ends a group. `h` holds the functions of `generated-helpers.ts`, `c7` is the codec
 * of the field with number 7, `n7` its enum.
 *
 * The switch goes by the whole tag: a field with another wire type than its own is one that is unknown.
 */
import { isLong } from "./longs.ts";
import type { FieldPlan, MessagePlan, ValuePlan } from "./message-plan.ts";

export const decodeParameters = ["r", "e", "d", "m", "g"];

const wireTypes: Readonly<Record<string, number>> = {
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  string: 2,
  bytes: 2,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
};

export function wireTypeOf(value: ValuePlan): number {
  if (value.kind === "scalar") return wireTypes[value.type] ?? 0;
  return value.kind === "message" ? 2 : 0;
}

export function decodeSource({ fields }: MessagePlan): string {
  return [
    `if (d > h.depthMax) throw h.tooDeep();`,
    `if (m === undefined) m = new C();`,
    `while (r.pos < e) {`,
    `var t = r.tag();`,
    `switch (t) {`,
    ...fields.flatMap(fieldCases),
    `}`,
    `if (g && t === g) { h.checkRequired(m, p); return m; }`,
    `r.skipType(t & 7, d, t >>> 3);`,
    `}`,
    `if (g) throw h.unendedGroup();`,
    ...(fields.some(({ form }) => form === "required") ? [`h.checkRequired(m, p);`] : []),
    `return m;`,
  ].join("\n");
}

function fieldCases(field: FieldPlan): readonly string[] {
  const { number, value, form, isDelimited } = field;
  if (form === "map") return mapCase(field);
  const property = propertyOf(field.name);
  const tag = number * 8 + (isDelimited ? 3 : wireTypeOf(value));
  if (value.kind === "message") return messageCase(field, tag);
  const read = readOf(value, number);
  if (form !== "list") {
    const set = isClosed(value)
      ? `var v = r.int32(); if (!n${number}.has(v)) continue; ${property} = n${number}.read(v);`
      : `${property} = ${read};`;
    return [`case ${tag}: { ${set}${oneofSource(field)} continue; }`];
  }
  const push = isClosed(value)
    ? `var v = r.int32(); if (n${number}.has(v)) ${property}.push(n${number}.read(v));`
    : `${property}.push(${read});`;
  const single = `case ${tag}: { ${push} continue; }`;
  const isPackable = value.kind === "enum" || wireTypeOf(value) !== 2;
  return isPackable ? [single, packedCase(number, push)] : [single];
}

/** Whatever the schema says: a list may come packed or not. */
function packedCase(number: number, push: string): string {
  return `case ${number * 8 + 2}: { var l = r.len, x = r.len = h.readEnd(r); while (r.pos < x) { ${push} } r.len = l; continue; }`;
}

function messageCase(field: FieldPlan, tag: number): readonly string[] {
  const { number, form, isDelimited } = field;
  const property = propertyOf(field.name);
  const into = form === "list" ? "undefined" : memberOf(field.name);
  const set = (read: string): string =>
    form === "list" ? `${property}.push(${read});` : `${property} = ${read};`;
  if (isDelimited) {
    const read = `c${number}.decode(r, e, d + 1, ${into}, ${number * 8 + 4})`;
    return [`case ${tag}: { ${set(read)}${oneofSource(field)} continue; }`];
  }
  const read = `c${number}.decode(r, x, d + 1, ${into}, 0)`;
  return [
    `case ${tag}: { var l = r.len, x = r.len = h.readEnd(r); ${set(read)} r.len = l;${oneofSource(field)} continue; }`,
  ];
}

/** Entries are messages of a key and a value, either of which may be absent. */
function mapCase(field: FieldPlan): readonly string[] {
  const { number, value, key } = field;
  const property = propertyOf(field.name);
  if (key === undefined) return [];
  const closed = isClosed(value);
  const readValue =
    value.kind === "message"
      ? `var l2 = r.len, y = r.len = h.readEnd(r); v = c${number}.decode(r, y, d + 1, v, 0); r.len = l2;`
      : closed
        ? `v = r.int32();`
        : `v = ${readOf(value, number)};`;
  const absent =
    value.kind === "message"
      ? `v === undefined ? c${number}.empty() : v`
      : closed
        ? `n${number}.read(v)`
        : "v";
  return [
    `case ${number * 8 + 2}: {`,
    `var l = r.len, x = r.len = h.readEnd(r), k = ${zeroOf(key, number)}, v = ${closed ? 0 : zeroOf(value, number)};`,
    `while (r.pos < x) {`,
    `var s = r.tag();`,
    `if (s === ${8 + wireTypeOf(key)}) k = ${readOf(key, number)};`,
    `else if (s === ${16 + wireTypeOf(value)}) { ${readValue} }`,
    `else r.skipType(s & 7, d, s >>> 3);`,
    `}`,
    `r.len = l;`,
    ...(closed ? [`if (!n${number}.has(v)) continue;`] : []),
    key.kind === "scalar" && key.type === "string"
      ? `if (k !== "__proto__") ${property}[k] = ${absent}; else h.setOwn(${property}, k, ${absent});`
      : `${property}[k] = ${absent};`,
    `continue; }`,
  ];
}

/** What is absent, as JavaScript source. */
export function zeroOf(value: ValuePlan, number: number): string {
  if (value.kind === "enum") return `n${number}.zero`;
  if (value.kind === "message") return "undefined";
  if (value.type === "string") return '""';
  if (value.type === "bytes") return "new Uint8Array(0)";
  if (value.type === "bool") return "false";
  return isLong(value.type) ? "h.longs.zero" : "0";
}

function readOf(value: ValuePlan, number: number): string {
  if (value.kind === "enum") return `n${number}.read(r.int32())`;
  if (value.kind === "message") return `c${number}`;
  if (value.type === "bytes") return "r.bytes()";
  if (value.type === "string") return value.isVerified ? "r.stringVerify()" : "r.string()";
  return isLong(value.type) ? `h.longs.read.${value.type}(r)` : `r.${value.type}()`;
}

function isClosed(value: ValuePlan): boolean {
  return value.kind === "enum" && value.enum.isClosed;
}

/** The last member of a oneof on the wire is the one that is set. */
function oneofSource({ name, oneof }: FieldPlan): string {
  if (oneof === undefined) return "";
  const which = memberOf(oneof);
  const text = JSON.stringify(name);
  return ` if (${which} !== undefined && ${which} !== ${text}) delete m[${which}]; ${propertyOf(oneof)} = ${text};`;
}

export function propertyOf(name: string): string {
  return `m[${JSON.stringify(name)}]`;
}

/** What a property holds: every object inherits some, such as `constructor`, which are no fields. */
export function memberOf(name: string): string {
  const text = JSON.stringify(name);
  return name in Object.prototype ? `(h.ownMember(m, ${text}))` : propertyOf(name);
}
