import { protobufFormat } from "@millrace/serde-protobuf";

import { compatibilityWith } from "./answer-compatibility.ts";
import type { Answerer } from "./answerers.ts";
import { allowedDiffers } from "./compare.ts";

export const protobufAnswerers: readonly Answerer[] = [
  {
    kind: "compatibility/protobuf",
    count: 160,
    answer: compatibilityWith(protobufFormat),
    differences: allowedDiffers,
  },
];
