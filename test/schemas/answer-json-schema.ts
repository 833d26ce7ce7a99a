import { jsonSchemaFormat } from "@millrace/serde-json-schema";

import { compatibilityWith } from "./answer-compatibility.ts";
import type { Answerer } from "./answerers.ts";
import { compatibilityDiffers } from "./compare.ts";

export const jsonSchemaAnswerers: readonly Answerer[] = [
  {
    kind: "compatibility/json-schema",
    count: 217,
    answer: compatibilityWith(jsonSchemaFormat),
    differences: compatibilityDiffers,
  },
];
