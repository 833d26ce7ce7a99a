/**
 * The body of a message's encoder: `m` the message, `w` the writer, `d` the depth; `s` the names of members; `h`, `c7` and `n7` as in
 * `decode-source.ts`. Each value is looked at before it is written: what a field cannot hold is an error that names it.
 */
import { excessFieldSource, type ExcessFields } from "@millrace/schema-registry";

import { memberOf, wireTypeOf } from "./decode-source.ts";
import { isLong } from "./longs.ts";
import type { FieldPlan, MessagePlan, ValuePlan } from "./message-plan.ts";

export const encodeParameters = ["m", "w", "d"];

interface EncodeOptions {
  readonly excessFields: ExcessFields;
}

export function encodeSource(plan: MessagePlan, { excessFields }: EncodeOptions): string {
  const { fields } = plan;
  const oneofs = new Set(fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof])));
  return [
    `if (d > h.depthMax) throw h.tooDeep();`,
    `if (${isNoObject("m")}) throw h.unfitMessage(p, m);`,
    ...(excessFields === "drop" ? [] : [refusal(plan)]),
    `var v;`,
    ...[...oneofs].map((_, index) => `var o${index};`),
    ...fields.map((field) => `v = ${memberOf(field.name)}; ${memberSource(field, [...oneofs])}`),
  ].join("\n");
}

/** Dates, lists, maps and bytes have no members, and would be written as nothing. */
function isNoObject(from: string): string {
  const hasOthers = `${from}[Symbol.iterator] !== undefined || ${from}[Symbol.toPrimitive] !== undefined`;
  return `typeof ${from} !== "object" || ${from} === null || ${hasOthers}`;
}

/** Fields, and what says which one of a oneof is set. */
export function memberNamesOf({ fields }: MessagePlan): readonly string[] {
  const oneofs = fields.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof]));
  return [...new Set([...fields.map(({ name }) => name), ...oneofs])];
}

/** Other members would be left out without a word. */
function refusal(plan: MessagePlan): string {
  const names = memberNamesOf(plan);
  return excessFieldSource({ value: "m", names, known: "s", refuse: "throw h.excess(p, member);" });
}

/** The field's value is `v`. */
function memberSource(field: FieldPlan, oneofs: readonly string[]): string {
  const { form, oneof, number, name, value } = field;
  // Null is a value of one type alone.
  const isJson = value.kind === "message" && value.fullName === "google.protobuf.Value";
  const isSet = isJson ? "v !== undefined" : "v !== undefined && v !== null";
  if (form === "list") return `if (${isSet}) { ${listSource(field)} }`;
  if (form === "map") return `if (${isSet}) { ${mapSource(field)} }`;
  const write = writeSource(field, "v");
  if (form === "required") return `if (!(${isSet})) throw h.missing(p, ${number}); ${write}`;
  if (form === "implicit") {
    return `if (${isSet} && ${notZero(value, number)}) { ${write} }`;
  }
  if (oneof === undefined) return `if (${isSet}) { ${write} }`;
  const which = `o${oneofs.indexOf(oneof)}`;
  const text = JSON.stringify(name);
  const check = `if (${which} !== undefined) throw h.twoMembers(p, ${number}, ${which}); ${which} = ${text};`;
  return `if (${isSet}) { ${check} ${write} }`;
}

function notZero(value: ValuePlan, number: number): string {
  if (value.kind === "enum") return `v !== n${number}.zero && v !== 0`;
  if (value.kind === "message") return "true";
  if (value.type === "string") return 'v !== ""';
  if (value.type === "bytes") return "v.length !== 0";
  if (value.type === "bool") return "v !== false";
  if (isLong(value.type)) return "v !== 0n && v !== 0";
  // Minus zero is another value than zero, and is written.
  return value.type === "double" || value.type === "float" ? "!Object.is(v, 0)" : "v !== 0";
}

function listSource(field: FieldPlan): string {
  const { number, value, isPacked } = field;
  const check = `if (!Array.isArray(v)) throw h.unfit(p, ${number}, v);`;
  if (!isPacked)
    return `${check} for (var i = 0; i < v.length; i++) { ${writeSource(field, "v[i]")} }`;
  const start = `w.uint32(${number * 8 + 2}).fork();`;
  const one = bareSource(value, number, "v[i]");
  return `${check} if (v.length > 0) { ${start} for (var i = 0; i < v.length; i++) { ${one} } w.ldelim(); }`;
}

function mapSource({ number, value, key }: FieldPlan): string {
  if (key === undefined) return "";
  return [
    `if (${isNoObject("v")}) throw h.unfit(p, ${number}, v);`,
    `var ks = Object.keys(v);`,
    `for (var i = 0; i < ks.length; i++) {`,
    `var k = ${keyOf(key, number)}, u = v[ks[i]];`,
    `w.uint32(${number * 8 + 2}).fork().uint32(${8 + wireTypeOf(key)});`,
    bareSource(key, number, "k"),
    `w.uint32(${16 + wireTypeOf(value)});`,
    bareSource(value, number, "u"),
    `w.ldelim();`,
    `}`,
  ].join("\n");
}

/** Keys of an object are strings. */
function keyOf(key: ValuePlan, number: number): string {
  const type = key.kind === "scalar" ? key.type : "string";
  return type === "string" ? "ks[i]" : `h.keyOf(ks[i], "${type}", p, ${number})`;
}

/** With its tag. */
function writeSource({ number, value, isDelimited }: FieldPlan, from: string): string {
  if (isDelimited) {
    const start = `w.uint32(${number * 8 + 3});`;
    return `${start} c${number}.encode(${from}, w, d + 1); w.uint32(${number * 8 + 4});`;
  }
  return `w.uint32(${number * 8 + wireTypeOf(value)}); ${bareSource(value, number, from)}`;
}

function bareSource(value: ValuePlan, number: number, from: string): string {
  const unless = (condition: string): string =>
    `if (!(${condition})) throw h.unfit(p, ${number}, ${from});`;
  if (value.kind === "message") {
    return `w.fork(); c${number}.encode(${from}, w, d + 1); w.ldelim();`;
  }
  if (value.kind === "enum") {
    return `var x = n${number}.numberOf(${from}); ${unless("x !== undefined")} w.int32(x);`;
  }
  const { type } = value;
  if (isLong(type)) return unless(`h.longs.write(w, "${type}", ${from})`);
  return `${unless(fits(type, from))} w.${type}(${from});`;
}

function fits(type: string, from: string): string {
  // Half of a surrogate pair has no UTF-8.
  if (type === "string") return `typeof ${from} === "string" && ${from}.isWellFormed()`;
  if (type === "bytes") return `${from} instanceof Uint8Array`;
  if (type === "bool") return `typeof ${from} === "boolean"`;
  if (type === "double") return `typeof ${from} === "number"`;
  if (type === "float") return `typeof ${from} === "number" && h.fitsFloat(${from})`;
  const isUnsigned = type === "uint32" || type === "fixed32";
  return isUnsigned ? `${from} >>> 0 === ${from}` : `(${from} | 0) === ${from}`;
}
