import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";

import { JsonSchemaError } from "../json-schema-error.ts";

/** Beyond, some of the formats' expressions take longer than their texts are worth. */
const textLengthMax = 8192;

/** Those of ajv-formats, which know nothing of how long they may take. */
export const boundedFormats: Readonly<Record<string, Format>> = Object.fromEntries(
  Object.entries(fullFormats).map(([name, format]) => [name, bounded(name, format)]),
);

function bounded(name: string, format: Format): Format {
  const validate = typeof format === "object" && "validate" in format ? format.validate : format;
  // Of bytes in base64 there may be many, and they are read through once.
  const isBoundless =
    name === "byte" || typeof validate === "boolean" || typeof validate === "string";
  if (isBoundless || (typeof format === "object" && "type" in format)) return format;
  const matches =
    validate instanceof RegExp
      ? (text: string) => validate.test(text)
      : (validate as (text: string) => boolean);
  return (text: string) => {
    if (text.length <= textLengthMax) return matches(text);
    throw new JsonSchemaError(
      "TEXT_TOO_LONG",
      `a text of ${text.length} signs is too long to be checked for the format ${name}, which is done up to ${textLengthMax}`,
    );
  };
}
