import { expect, test } from "vitest";
import { KafkaError } from "./kafka-error.ts";

test.each([undefined, null, ""])(
  "an answer that says %j of its error is told by the table",
  (told) => {
    const { code, message } = KafkaError.of(30, told);
    expect(code).toBe("GROUP_AUTHORIZATION_FAILED");
    expect(message).toBe("GROUP_AUTHORIZATION_FAILED: the principal may not do this to the group");
  },
);

test("what an answer says of its error is its message", () => {
  expect(KafkaError.of(30, "not you")).toMatchObject({ message: "not you", errorCode: 30 });
});
