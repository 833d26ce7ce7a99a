import { list, type Serde } from "@millrace/serde";

import { compareScores, numbersOf, type ScoreOf } from "./score.ts";

type Values = readonly unknown[];

/** How values come into a list of the n greatest: of equal ones those that came first stay. */
export function greatestFold(n: number, by: ScoreOf, valueSerde: Serde<unknown>) {
  return {
    operator: "topN",
    valueSerde: list(valueSerde) as Serde<unknown>,
    init: (): unknown => [],
    aggregator: (given: unknown, value: unknown, key: unknown): Values => {
      const values = given as Values;
      const score = numbersOf(by, value, key);
      const place = values.findIndex((one) => compareScores(score, numbersOf(by, one, key)) < 0);
      if (place === -1) return values.length < n ? [...values, value] : values;
      return [...values.slice(0, place), value, ...values.slice(place, n - 1)];
    },
  };
}
