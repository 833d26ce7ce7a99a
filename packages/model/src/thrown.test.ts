import { describe, expect, test } from "vitest";

import { causesOf, messageOf } from "./thrown.ts";

const telling = (message: unknown): Error => Object.assign(new Error(), { message });

describe("the message of what was thrown", () => {
  test.each([
    [new TypeError("a type"), "a type"],
    ["text", "text"],
    [undefined, "undefined"],
    [Symbol("of it"), "Symbol(of it)"],
    [telling(5), "5"],
    [telling(undefined), "undefined"],
  ])("%o", (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  const trap = (): never => {
    throw new Error("a trap");
  };
  test.each([
    ["an object without a prototype", Object.create(null)],
    ["a proxy", new Proxy({}, { get: trap, getPrototypeOf: trap })],
    [
      "an error whose message cannot be read",
      Object.defineProperty(new Error(), "message", { get: trap }),
    ],
    ["a text that cannot be made", { toString: trap }],
    ["an error whose message is an object", telling(Object.create(null))],
  ])("%s has none", (_, thrown) => {
    expect(messageOf(thrown)).toBe("something without a message was thrown");
    expect(causesOf(thrown).length).toBeLessThan(2);
  });
});

describe("causes", () => {
  test("are given down to the first that is no error", () => {
    const root = new Error("root", { cause: "text" });
    const error = new Error("top", { cause: root });
    expect(causesOf(error)).toEqual([error, root]);
    expect(causesOf("text")).toEqual([]);
  });

  test("that go in a circle are given once", () => {
    const one = new Error("one");
    const two = new Error("two", { cause: one });
    one.cause = two;
    expect(causesOf(one)).toEqual([one, two]);
  });

  test("without an end have one", () => {
    class Endless extends Error {
      override get cause(): Error {
        return new Endless();
      }
    }
    expect(causesOf(new Endless()).length).toBe(32);
  });
});
