import type { ExcessFields } from "@millrace/schema-registry";
import protobufjs from "protobufjs";

import { decodeParameters, decodeSource, propertyOf, zeroOf } from "./decode-source.ts";
import { encodeParameters, encodeSource, memberNamesOf } from "./encode-source.ts";
import { enumCodec, type EnumForm } from "./enums.ts";
import { generatedHelpers, type GeneratedHelpers } from "./generated-helpers.ts";
import { listCodec, structCodec, valueCodec, wrapperCodec, wrapperNames } from "./known-codecs.ts";
import type { LongForm } from "./longs.ts";
import type { MessagePlan, MessagePlans } from "./message-plan.ts";
import type { MessageCodec } from "./wire.ts";

export interface ValueForms {
  readonly longs: LongForm;
  readonly enums: EnumForm;
  readonly excessFields: ExcessFields;
}

/** What a program holds: values of TypeScript, or those of Protobuf's JSON, which have forms of their own. */
export interface HeldForms extends ValueForms {
  readonly values: "typescript" | "json";
}

const jsonCodecs: Readonly<Record<string, MessageCodec>> = {
  "google.protobuf.Struct": structCodec,
  "google.protobuf.Value": valueCodec,
  "google.protobuf.ListValue": listCodec,
};

/** Codecs of messages that are alike in several versions of a schema: one is compiled, and stays hot. */
export class SharedCodecs {
  readonly #codecs = new Map<string, MessageCodec>();

  get(likeness: string): MessageCodec | undefined {
    return this.#codecs.get(likeness);
  }

  add(likeness: string, codec: MessageCodec): void {
    if (this.#codecs.size >= sharedCodecsMax) this.#codecs.clear();
    this.#codecs.set(likeness, codec);
  }
}

const sharedCodecsMax = 1000;

/** The codecs of a schema's messages, compiled when they are first asked for. */
export class MessageCodecs {
  readonly #plans: MessagePlans;
  readonly #forms: ValueForms;
  readonly #helpers: GeneratedHelpers;
  readonly #codecs = new Map<string, MessageCodec>();
  readonly #shared: SharedCodecs;

  /** @param shared among codecs of the same forms */
  constructor(plans: MessagePlans, forms: ValueForms, shared: SharedCodecs) {
    this.#plans = plans;
    this.#forms = forms;
    this.#shared = shared;
    this.#helpers = generatedHelpers(forms.longs);
  }

  /** @throws SchemaError `INVALID_SCHEMA`, if there is no such message */
  get(fullName: string): MessageCodec {
    const known = this.#codecs.get(fullName) ?? jsonCodecs[fullName];
    if (known !== undefined) return known;
    const plan = this.#plans.get(fullName);
    const likeness = this.#likenessOf(fullName, []);
    const alike = likeness === undefined ? undefined : this.#shared.get(likeness);
    if (alike !== undefined) {
      this.#codecs.set(fullName, alike);
      return alike;
    }
    // Entered before its fields are looked at: messages hold each other.
    const codec: MessageCodec = { empty: unready, decode: unready, encode: unready };
    const isWrapper = wrapperNames.has(fullName);
    this.#codecs.set(fullName, isWrapper ? wrapperCodec(codec) : codec);
    Object.assign(codec, this.#compiled(plan));
    const own = this.get(fullName);
    if (likeness !== undefined) this.#shared.add(likeness, own);
    return own;
  }

  /** All that a message's codec is made of, as a text; undefined: it holds itself, and is not shared. */
  #likenessOf(fullName: string, above: readonly string[]): string | undefined {
    if (above.includes(fullName)) return undefined;
    if (jsonCodecs[fullName] !== undefined) return fullName;
    const plan = this.#plans.get(fullName);
    // Where an enum stands in its file is no part of it.
    const parts = [JSON.stringify(plan, (key, value: unknown) => (key === "line" ? 0 : value))];
    for (const { value } of plan.fields) {
      if (value.kind !== "message") continue;
      const part = this.#likenessOf(value.fullName, [...above, fullName]);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return parts.join("\n");
  }

  #compiled(plan: MessagePlan): MessageCodec {
    const scope: Record<string, unknown> = {
      h: this.#helpers,
      p: plan,
      s: new Set(memberNamesOf(plan)),
    };
    for (const { number, value } of plan.fields) {
      if (value.kind === "message") scope[`c${number}`] = this.get(value.fullName);
      else if (value.kind === "enum") {
        scope[`n${number}`] = enumCodec(value.enum, this.#forms.enums);
      }
    }
    const C = compiled<() => object>([], constructorSource(plan), scope) as unknown as Constructor;
    // Messages are plain objects: they compare, spread and clone as such.
    C.prototype = Object.prototype;
    const name = plan.fullName.replaceAll(".", "_");
    return {
      empty: () => new C(),
      decode: compiled(decodeParameters, decodeSource(plan), { ...scope, C }, `${name}_decode`),
      encode: compiled(encodeParameters, encodeSource(plan, this.#forms), scope, `${name}_encode`),
    };
  }
}

type Constructor = new () => object;

function unready(): never {
  throw new Error("the codec of a message is being compiled");
}

/** All that is never absent, so that messages of a type have one shape. */
function constructorSource({ fields }: MessagePlan): string {
  return fields
    .flatMap(({ name, form, value, number }) => {
      const property = propertyOf(name).replace(/^m/, "this");
      if (form === "list") return [`${property} = [];`];
      if (form === "map") return [`${property} = {};`];
      return form === "implicit" ? [`${property} = ${zeroOf(value, number)};`] : [];
    })
    .join("\n");
}

/** By protobufjs's compiler. What stands in the source: numbers, and names as JSON texts. */
function compiled<F extends (...given: never[]) => unknown>(
  parameters: readonly string[],
  source: string,
  scope: Readonly<Record<string, unknown>>,
  name?: string,
): F {
  const generator = protobufjs.util.codegen([...parameters], name);
  generator("%s", source);
  return generator(scope) as unknown as F;
}
