import { InvariantError } from "@millrace/model";
import { expect, test } from "vitest";
import { Parked } from "./parked.ts";

test("BROKER-2: a parked response is completed once", () => {
  const parked = new Parked<string>();
  const told: unknown[] = [];
  parked.complete("answer");
  parked.whenComplete((failure, response) => told.push([failure, response]));
  expect(told).toEqual([[undefined, "answer"]]);
  expect(() => parked.complete("another")).toThrow(InvariantError);
  expect(() => parked.fail(new Error("late"))).toThrow(InvariantError);
});
