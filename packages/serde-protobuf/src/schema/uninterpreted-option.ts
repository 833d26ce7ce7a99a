import { decodeUtf8, encodeUtf8 } from "@millrace/model";

import { parseOption } from "./parse-option.ts";
import { printOption, quotedText } from "./print-option.ts";
import type { OptionDeclaration } from "./proto-file.ts";
import { TokenReader } from "./token-reader.ts";

/** An option of one's own in a descriptor, before anybody knows what it means (`UninterpretedOption`). */
export interface UninterpretedOption {
  readonly name: readonly { readonly namePart: string; readonly isExtension: boolean }[];
  readonly identifierValue?: string;
  readonly positiveIntValue?: unknown;
  readonly negativeIntValue?: unknown;
  readonly doubleValue?: number;
  readonly stringValue?: Uint8Array;
  /** What stands in the braces. */
  readonly aggregateValue?: string;
}

export function decodeUninterpreted(option: UninterpretedOption): OptionDeclaration {
  const name = option.name.map(({ namePart, isExtension }) =>
    isExtension ? `(${namePart})` : namePart,
  );
  return parseOption(new TokenReader(`${name.join(".")} = ${valueText(option)}`));
}

function valueText(option: UninterpretedOption): string {
  const has = (key: keyof UninterpretedOption): boolean => Object.hasOwn(option, key);
  if (has("stringValue")) return quotedText(decodeUtf8(option.stringValue ?? new Uint8Array()));
  if (has("aggregateValue")) return `{ ${option.aggregateValue} }`;
  if (has("doubleValue")) return `${option.doubleValue}`.replace("Infinity", "inf");
  if (has("identifierValue")) return option.identifierValue ?? "";
  return `${has("negativeIntValue") ? option.negativeIntValue : option.positiveIntValue}`;
}

export function encodeUninterpreted(option: OptionDeclaration): readonly UninterpretedOption[] {
  const { name, value } = option;
  if (value.kind === "list") {
    return value.values.flatMap((item) => encodeUninterpreted({ name, value: item }));
  }
  const parts = [...name.matchAll(/\(([^)]*)\)|[^.()]+/g)].map(([whole, extension]) => ({
    namePart: extension ?? whole,
    isExtension: extension !== undefined,
  }));
  if (value.kind === "text") return [{ name: parts, stringValue: encodeUtf8(value.text) }];
  if (value.kind === "word") return [{ name: parts, ...encodeWord(value.word) }];
  const text = printOption(option).slice(name.length + " = ".length);
  return [{ name: parts, aggregateValue: text.slice(1, -1).trim() }];
}

function encodeWord(word: string): Omit<UninterpretedOption, "name"> {
  const number = Number(word.replace(/inf(inity)?$/, "Infinity"));
  if (/^[a-z_]/i.test(word) || Number.isNaN(number)) return { identifierValue: word };
  if (!Number.isSafeInteger(number)) return { doubleValue: number };
  return number < 0 ? { negativeIntValue: number } : { positiveIntValue: number };
}
