/**
 * Values in Protobuf's JSON mapping: 64-bit fields as texts, bytes in base64, enums by name, timestamps in ISO 8601,
 * durations in seconds; zero is left out where it is what absence means.
 */
import { shown } from "@millrace/model";
import { excessFieldProblem, type ExcessFields } from "@millrace/schema-registry";
import protobufjs from "protobufjs";

import { ownMember } from "./generated-helpers.ts";
import { wrapperNames } from "./known-codecs.ts";
import { isLong } from "./longs.ts";
import { camelCase, type FieldPlan, type MessagePlans, type ValuePlan } from "./message-plan.ts";
import { ProtobufError } from "./protobuf-error.ts";
import { durationText, parseDuration, parseTimestamp, timestampText } from "./time-texts.ts";
import { depthMax, tooDeep } from "./wire.ts";

type Members = Readonly<Record<string, unknown>>;

const asTheyAre: ReadonlySet<string> = new Set(
  ["Struct", "Value", "ListValue"].map((name) => `google.protobuf.${name}`),
);

/** Between JSON and the values of `MessageCodecs` with longs as bigints and enums by name. */
export class JsonValues {
  readonly #plans: MessagePlans;
  readonly #excessFields: ExcessFields;

  constructor(plans: MessagePlans, excessFields: ExcessFields) {
    this.#plans = plans;
    this.#excessFields = excessFields;
  }

  toJson(fullName: string, value: unknown, depth = 0): unknown {
    if (depth > depthMax) throw tooDeep();
    if (asTheyAre.has(fullName)) return value;
    if (wrapperNames.has(fullName)) return this.#valueToJson(this.#wrapped(fullName), value, depth);
    const members = value as Members;
    if (fullName === "google.protobuf.Timestamp") return timestampText(members);
    if (fullName === "google.protobuf.Duration") return durationText(members);
    if (fullName === "google.protobuf.FieldMask") {
      return (members["paths"] as readonly string[]).map(camelCase).join(",");
    }
    const json: [string, unknown][] = [];
    for (const field of this.#plans.get(fullName).fields) {
      const member = ownMember(members, field.name);
      if (member !== undefined && !isDefault(field, member)) {
        json.push([field.jsonName, this.#fieldToJson(field, member, depth)]);
      }
    }
    return Object.fromEntries(json);
  }

  /** @throws ProtobufError `INVALID_VALUE` */
  fromJson(fullName: string, json: unknown, depth = 0): unknown {
    if (depth > depthMax) throw tooDeep();
    if (asTheyAre.has(fullName)) return json;
    if (wrapperNames.has(fullName))
      return this.#valueFromJson(this.#wrapped(fullName), json, depth);
    if (fullName === "google.protobuf.Timestamp") return parseTimestamp(json);
    if (fullName === "google.protobuf.Duration") return parseDuration(json);
    if (fullName === "google.protobuf.FieldMask" && typeof json === "string") {
      const paths = json === "" ? [] : json.split(",");
      return {
        paths: paths.map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      };
    }
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw unfit(`${fullName} is an object in JSON, not ${shown(json)}`);
    }
    const value: [string, unknown][] = [];
    const { fields } = this.#plans.get(fullName);
    for (const [key, member] of Object.entries(json)) {
      const field = fields.find(({ jsonName, protoName }) => jsonName === key || protoName === key);
      if (field === undefined) {
        if (member === undefined || this.#excessFields === "drop") continue;
        const names = fields.map(({ jsonName }) => jsonName);
        throw unfit(`the value has ${excessFieldProblem(key, `the message ${fullName}`, names)}`);
      }
      const isNull =
        field.value.kind === "message" && field.value.fullName === "google.protobuf.Value";
      if (member === null && !isNull) continue;
      value.push([field.name, this.#fieldFromJson(field, member, depth)]);
    }
    return Object.fromEntries(value);
  }

  #wrapped(fullName: string): ValuePlan {
    return this.#plans.get(fullName).fields[0].value;
  }

  #fieldToJson({ form, value }: FieldPlan, member: unknown, depth: number): unknown {
    if (form === "list") {
      return (member as readonly unknown[]).map((item) => this.#valueToJson(value, item, depth));
    }
    if (form !== "map") return this.#valueToJson(value, member, depth);
    return Object.fromEntries(
      Object.entries(member as Members).map(([key, item]) => [
        key,
        this.#valueToJson(value, item, depth),
      ]),
    );
  }

  #valueToJson(plan: ValuePlan, value: unknown, depth: number): unknown {
    if (plan.kind === "message") return this.toJson(plan.fullName, value, depth + 1);
    if (typeof value === "bigint") return `${value}`;
    if (value instanceof Uint8Array) return protobufjs.util.base64.encode(value, 0, value.length);
    return typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
  }

  #fieldFromJson(field: FieldPlan, json: unknown, depth: number): unknown {
    const { form, value, name } = field;
    if (form === "list") {
      if (!Array.isArray(json)) throw unfit(`${name} is a list in JSON, not ${shown(json)}`);
      return json.map((item) => this.#valueFromJson(value, item, depth));
    }
    if (form !== "map") return this.#valueFromJson(value, json, depth);
    if (typeof json !== "object" || json === null) {
      throw unfit(`${name} is an object in JSON, not ${shown(json)}`);
    }
    return Object.fromEntries(
      Object.entries(json).map(([key, item]) => [key, this.#valueFromJson(value, item, depth)]),
    );
  }

  #valueFromJson(plan: ValuePlan, json: unknown, depth: number): unknown {
    if (plan.kind === "message") return this.fromJson(plan.fullName, json, depth + 1);
    return plan.kind === "enum" ? json : scalarFromJson(plan.type, json);
  }
}

/** What the codec refuses is left to it. */
function scalarFromJson(type: string, json: unknown): unknown {
  if (isLong(type)) {
    if (typeof json === "number") return json;
    return typeof json === "string" && /^-?\d+$/.test(json) ? BigInt(json) : json;
  }
  if (type === "bytes" && typeof json === "string") {
    const standard = json.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = new Uint8Array(protobufjs.util.base64.length(standard));
    protobufjs.util.base64.decode(standard, bytes, 0);
    return bytes;
  }
  const isNumber = type !== "string" && type !== "bool" && typeof json === "string" && json !== "";
  if (!isNumber) return json;
  const number = Number(json);
  return Number.isNaN(number) && json !== "NaN" ? json : number;
}

function isDefault({ form, value }: FieldPlan, member: unknown): boolean {
  if (form === "list") return (member as readonly unknown[]).length === 0;
  if (form === "map") return Object.keys(member as object).length === 0;
  if (form !== "implicit") return false;
  if (member instanceof Uint8Array) return member.length === 0;
  if (value.kind === "enum") return member === value.enum.declaration.constants[0].name;
  return Object.is(member, 0) || member === 0n || member === "" || member === false;
}

function unfit(problem: string): ProtobufError {
  return new ProtobufError("INVALID_VALUE", problem);
}
