import { BaseError } from "@millrace/model";
import { expect, test } from "vitest";

import * as millrace from "../index.ts";
import type { FromThread } from "./thread-messages.ts";
import { failureOf, tellFailure } from "./told-failure.ts";
import { toldLogger } from "./told-log.ts";

/** What another thread gets. */
function crossed(error: unknown): Error {
  return failureOf(structuredClone(tellFailure(error)));
}

function isErrorClass(given: unknown): given is typeof Error {
  return typeof given === "function" && given.prototype instanceof Error;
}

const own = Object.values<unknown>(millrace).filter(isErrorClass);
const ofLanguage = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

test.each([...own, ...ofLanguage].map((one) => [one.name, one] as const))(
  "%s crosses threads as itself",
  (name, family) => {
    expect(own.length).toBeGreaterThan(15);
    const fields = { code: "A_CODE", retriable: true, place: "app.ts:12:4", offset: undefined };
    const error = Reflect.construct(Error, [`a ${name}`], family) as Error;
    Object.assign(error, fields, { name });
    const other = crossed(error);
    expect(Object.getPrototypeOf(other)).toBe(family.prototype);
    expect(other).toMatchObject({ name, message: `a ${name}`, stack: error.stack, ...fields });
    expect(Object.keys(other)).not.toContain("message");
  },
);

test("an error of ours that is not known there is one of ours, and one of the program's is not, whatever its name", () => {
  class PaymentError extends BaseError<"PAYMENT_REFUSED"> {}
  const other = crossed(new PaymentError("PAYMENT_REFUSED", "no money", { retriable: true }));
  expect(other).toBeInstanceOf(BaseError);
  expect(other).toMatchObject({ name: "PaymentError", code: "PAYMENT_REFUSED", retriable: true });
  const foreign = crossed(Object.assign(new Error("theirs"), { name: "StateError" }));
  expect(foreign).not.toBeInstanceOf(BaseError);
  expect(foreign.name).toBe("StateError");
});

test("causes, several errors, and what is no error cross too", () => {
  const first = new millrace.OptionError("INVALID_OPTION", "first");
  const cause = new AggregateError([first, "second", { status: 503 }], "both", { cause: 7 });
  const other = crossed(new TypeError("outer", { cause })).cause as AggregateError;
  expect(other).toBeInstanceOf(AggregateError);
  expect(other.errors[0]).toBeInstanceOf(millrace.OptionError);
  expect(other.errors).toEqual([first, "second", { status: 503 }]);
  expect(other.cause).toBe(7);
  expect(Object.keys(other)).not.toContain("errors");
});

test("errors in fields keep their codes, what cannot be sent is told, and circles end", () => {
  const why = Object.assign(new Error("inner"), { code: "INNER" });
  const error = Object.assign(new Error("outer", { cause: () => {} }), { why, call: () => {} });
  const other = crossed(error) as Error & { readonly why: unknown };
  expect(other.why).toMatchObject({ message: "inner", code: "INNER" });
  expect(other.cause).toBeInstanceOf(Error);
  expect(other).not.toHaveProperty("call");
  const circle = new AggregateError([], "round");
  const parts = Array.from({ length: 30 }, (_, index) => new Error(`${index}`, { cause: circle }));
  circle.errors.push(circle, ...parts);
  const around = crossed(circle) as AggregateError;
  expect(around.errors.map(({ message }: Error) => message)).toEqual(
    parts.map((one) => one.message),
  );
  // Each has all others: there are more ways through them than can be told.
  for (const one of parts) Object.assign(one, { others: parts });
  const many = parts.map((one) => new AggregateError(parts, one.message));
  for (const one of many) one.errors = many;
  expect(crossed(many[0])).toMatchObject({ message: "0", errors: { length: 29 } });
});

const unreadable = (): never => {
  throw new Error("read");
};

test.each<readonly [what: string, error: unknown, message: string]>([
  [
    "a field that throws where it is read",
    Object.defineProperty(Object.assign(new TypeError("refused"), { code: "A_CODE" }), "response", {
      get: unreadable,
      enumerable: true,
    }),
    "refused",
  ],
  [
    "errors that are no list",
    Object.assign(new AggregateError([], "refused"), { errors: 7, code: "A_CODE" }),
    "refused",
  ],
  [
    "a name, message and stack that are no texts",
    Object.assign(
      new TypeError(),
      { name: Symbol("n"), stack: () => {}, code: "A_CODE" },
      {
        message: ["refused"],
      },
    ),
    "refused",
  ],
  [
    "what nobody can read",
    new Proxy(new Error("refused"), { get: unreadable, getPrototypeOf: unreadable }),
    "something without a message was thrown",
  ],
])("an error with %s crosses with what can be told of it", (_what, error, message) => {
  const other = crossed(error) as Error & { readonly code?: string };
  expect(other.message).toBe(message);
  if (message === "refused") expect(other.code).toBe("A_CODE");
  expect(other).toBeInstanceOf(Error);
  const lines: FromThread[] = [];
  toldLogger((message) => lines.push(message)).log("error", "failed", { cause: error });
  expect(JSON.stringify(structuredClone(lines))).toContain(message);
});

test("a field that is called as what every object has is a field", () => {
  const error = Object.defineProperty(new RangeError("of JSON"), "__proto__", {
    value: { polluted: true },
    enumerable: true,
  });
  const other = crossed(error);
  expect(other).toBeInstanceOf(RangeError);
  expect(other).not.toHaveProperty("polluted");
});
