import { createHash } from "node:crypto";

import { avroCanonicalForm, avroFingerprint, avroFormat } from "@millrace/serde-avro";

import { compatibilityWith } from "./answer-compatibility.ts";
import type { Answerer } from "./answerers.ts";
import { compatibilityDiffers, membersDiffer } from "./compare.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

const compatibility = {
  answer: compatibilityWith(avroFormat),
  differences: compatibilityDiffers,
};

export const avroAnswerers: readonly Answerer[] = [
  { kind: "compatibility/avro", count: 180, ...compatibility },
  { kind: "compatibility/avro-generated", count: 400, ...compatibility },
  {
    kind: "avro/canonical",
    count: 45,
    answer: answerCanonical,
    differences: membersDiffer(["canonical", "crc64", "md5", "sha256"]),
  },
];

function answerCanonical({ schema }: FactCase): FactAnswer {
  const canonical = avroCanonicalForm(`${schema}`);
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(canonical, "utf8").digest("hex");
  return {
    canonical,
    crc64: avroFingerprint(`${schema}`).toString(16).padStart(16, "0"),
    md5: digest("md5"),
    sha256: digest("sha256"),
  };
}
