import { shown } from "@millrace/model";
import { excessFieldProblem } from "@millrace/schema-registry";

import { isLong, longCodecs, type LongCodec, type LongForm } from "./longs.ts";
import type { FieldPlan, MessagePlan } from "./message-plan.ts";
import { ProtobufError } from "./protobuf-error.ts";
import { depthMax, readEnd, tooDeep } from "./wire.ts";

/** What generated code calls; `longs` differs by serde. */
export interface GeneratedHelpers {
  readonly longs: LongCodec;
  readonly [name: string]: unknown;
}

export function generatedHelpers(longs: LongForm): GeneratedHelpers {
  return {
    longs: longCodecs[longs],
    depthMax,
    tooDeep,
    readEnd,
    setOwn,
    fitsFloat,
    keyOf,
    unfit,
    unfitMessage,
    missing,
    excess,
    ownMember,
    twoMembers,
    checkRequired,
    unendedGroup: () => new RangeError("a group does not end"),
  };
}

/** Assigned, a member `__proto__` would be the prototype. */
function setOwn(map: object, name: string, value: unknown): void {
  Object.defineProperty(map, name, {
    configurable: true,
    enumerable: true,
    writable: true,
    value,
  });
}

/** Not what every object inherits, such as `constructor`. */
export function ownMember(message: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(message, name)) return undefined;
  return (message as Readonly<Record<string, unknown>>)[name];
}

/** Rounded, but not to infinity. */
function fitsFloat(value: number): boolean {
  return Number.isFinite(Math.fround(value)) || !Number.isFinite(value);
}

function keyOf(key: string, type: string, plan: MessagePlan, number: number): unknown {
  if (type === "bool") {
    if (key === "true" || key === "false") return key === "true";
  } else if (/^-?\d+$/.test(key)) return isLong(type) ? BigInt(key) : Number(key);
  throw unfit(plan, number, key);
}

function unfit(plan: MessagePlan, number: number, value: unknown): ProtobufError {
  const field = fieldOf(plan, number);
  const wanted = `${plan.fullName}.${field.name} takes ${describe(field)}`;
  return new ProtobufError("INVALID_VALUE", `${wanted}, not ${shown(value)}`);
}

function unfitMessage(plan: MessagePlan, value: unknown): ProtobufError {
  const problem = `${plan.fullName} is an object of its fields, not ${shown(value)}`;
  const isInstant = plan.fullName === "google.protobuf.Timestamp";
  const hint = isInstant ? "; write { seconds: 1795867509n, nanos: 7000000 }" : "";
  return new ProtobufError("INVALID_VALUE", problem + hint);
}

function missing(plan: MessagePlan, number: number): ProtobufError {
  const problem = `${plan.fullName}.${fieldOf(plan, number).name} is required, and not set`;
  return new ProtobufError("INVALID_VALUE", problem);
}

function excess({ fullName, fields }: MessagePlan, excess: string): ProtobufError {
  const field = fields.find(({ protoName }) => protoName === excess);
  const names = fields.map(({ name }) => name);
  const problem =
    field === undefined
      ? `the value has ${excessFieldProblem(excess, `the message ${fullName}`, names)}`
      : `${fullName}.${field.name} is given as "${excess}", its name in the schema; write ${field.name}`;
  return new ProtobufError("INVALID_VALUE", problem);
}

function twoMembers(plan: MessagePlan, number: number, other: string): ProtobufError {
  const { name, oneof } = fieldOf(plan, number);
  const problem = `${plan.fullName}: "${other}" and "${name}" of the oneof "${oneof}" are both set`;
  return new ProtobufError("INVALID_VALUE", problem);
}

function checkRequired(message: object, plan: MessagePlan): void {
  for (const { form, name } of plan.fields) {
    if (form !== "required" || ownMember(message, name) !== undefined) continue;
    const problem = `${plan.fullName}.${name} is required, and is not in the bytes`;
    throw new ProtobufError("MALFORMED", problem);
  }
}

function fieldOf(plan: MessagePlan, number: number): FieldPlan {
  const field = plan.fields.find((candidate) => candidate.number === number);
  if (field === undefined) throw new RangeError(`${plan.fullName} has no field ${number}`);
  return field;
}

function describe({ value, form, key }: FieldPlan): string {
  const name = value.kind === "scalar" ? value.type : nameOf(value);
  if (form === "list") return `a list of ${name}`;
  return key?.kind === "scalar" ? `an object of ${key.type} to ${name}` : name;
}

function nameOf(value: Exclude<FieldPlan["value"], { readonly kind: "scalar" }>): string {
  return value.kind === "enum" ? `a constant of ${value.enum.fullName}` : value.fullName;
}
