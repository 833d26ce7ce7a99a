import { encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";
import { parseJaas } from "./jaas.ts";
import { plainMechanism } from "./plain.ts";
import { SaslError } from "./sasl-mechanism.ts";

const line = 'x.PlainLoginModule required user_ann="a secret of some length";';
const mechanism = plainMechanism(parseJaas("sasl.jaas.config", line));
const say = (message: string) => mechanism.begin().receive(encodeUtf8(message));

test.each([
  ["", "a message that is empty"],
  ["ann", "one part"],
  ["\0ann", "two parts"],
  ["\0ann\0a secret of some length\0more", "four parts"],
  ["\0\0a secret of some length", "no name"],
  ["\0ann\0", "no password"],
  ["\0ANN\0a secret of some length", "a name in other letters"],
  ["root\0ann\0a secret of some length", "somebody else to act for"],
])("%j is refused: %s", (message) => {
  expect(() => say(message)).toThrow(SaslError);
});

/** The middle of many, in milliseconds. */
function medianMs(message: string): number {
  const times: number[] = [];
  for (let run = 0; run < 2000; run++) {
    const startMs = performance.now();
    try {
      void say(message);
    } catch {
      times.push(performance.now() - startMs);
    }
  }
  return times.toSorted((left, right) => left - right)[1000];
}

test("a user that is not there takes as long as a wrong password", () => {
  const wrong = "\0ann\0a wrong one, of some length";
  const unknown = "\0bob\0a wrong one, of some length";
  medianMs(wrong);
  // The quietest of some rounds: others have their turn on the machine.
  const ratios = Array.from({ length: 5 }, () => medianMs(unknown) / medianMs(wrong));
  const nearest = Math.min(...ratios.map((ratio) => Math.abs(Math.log(ratio))));
  expect(nearest, ratios.join(" ")).toBeLessThan(Math.log(1.3));
});
