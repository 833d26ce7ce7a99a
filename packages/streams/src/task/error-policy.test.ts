import { ClusterError } from "@millrace/cluster";
import { noHeaders } from "@millrace/model";
import { json, string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { at, batchOf, catchError, taskOf } from "../../test-support/task-of.ts";
import type { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { StreamsError } from "../error/streams-error.ts";

const asked: StreamsError[] = [];
const broken = new TypeError("cannot read properties of undefined");
const throwing = (error: StreamsError): never => {
  asked.push(error);
  throw broken;
};

describe("an error handler that throws ends the task with both errors, and is asked once", () => {
  const text = (builder: StreamsBuilder) =>
    builder.stream("a", { key: string(), value: string() }).filter(() => true);

  const expectBoth = (error: Error, code: string) => {
    expect(asked.splice(0)).toMatchObject([{ code }]);
    expect(error).toMatchObject({ code: "PROCESSING_FAILED", topic: "a", partition: 0, offset: 5 });
    expect(error.message).toContain("an error handler failed: cannot read properties of undefined");
    expect((error.cause as AggregateError).errors).toMatchObject([{ code }, broken]);
    const [told] = (error.cause as AggregateError).errors as readonly Error[];
    expect(error.message).toContain(told.message.split(" (")[0]);
  };

  test("onProcessingError", () => {
    const { task } = taskOf(
      (builder) =>
        text(builder)
          .peek(() => {
            throw new RangeError("asked to");
          })
          .to("out"),
      { onProcessingError: throwing },
    );
    task.initialize();
    task.addBatch(batchOf("a", 5, [at(1)]));
    expectBoth(
      catchError(() => task.process(1)),
      "PROCESSING_FAILED",
    );
  });

  test("onDeserializationError", () => {
    const { task } = taskOf(
      (builder) => builder.stream("a", { key: string(), value: json<number>() }).to("out"),
      { onDeserializationError: throwing },
    );
    task.initialize();
    expectBoth(
      catchError(() => task.addBatch(batchOf("a", 5, [at(1, "{")]))),
      "DESERIALIZATION_FAILED",
    );
  });

  test("onProductionError, of what a serde refuses", () => {
    const { task } = taskOf(
      (builder) =>
        text(builder)
          .mapValues(() => NaN)
          .to("out", { key: string(), value: json<number>() }),
      { onProductionError: throwing, onProcessingError: () => "continue" },
    );
    task.initialize();
    task.addBatch(batchOf("a", 5, [at(1)]));
    expectBoth(
      catchError(() => task.process(1)),
      "PRODUCTION_FAILED",
    );
  });

  test("onProductionError, of what a broker refuses", () => {
    const { collector } = taskOf((builder) => text(builder).to("out"), {
      onProductionError: throwing,
    });
    const input = { inputTopic: "a", inputPartition: 0, inputOffset: 5 };
    const record = { topic: "out", partition: 3, timestamp: 77, headers: noHeaders, ...input };
    const cause = new ClusterError("WRITE_REFUSED", "records for out-3: no");
    const refused = { ...record, node: "KSTREAM-SINK-0000000002", isChangelog: false };
    expectBoth(
      catchError(() => collector.owner?.onRefused(refused, cause)),
      "PRODUCTION_FAILED",
    );
  });

  test("and so does one that gives no answer", () => {
    const { task } = taskOf(
      (builder) => builder.stream("a", { key: string(), value: json<number>() }).to("out"),
      { onDeserializationError: () => "ignore" as "continue" },
    );
    task.initialize();
    const error = catchError(() => task.addBatch(batchOf("a", 5, [at(1, "{")])));
    expect(error.message).toMatch(/gave ignore; return "fail" or "continue".*cannot be read/);
    expect((error.cause as AggregateError).errors).toMatchObject([
      { code: "DESERIALIZATION_FAILED" },
      { code: "CALLBACK_GAVE_NO_RESPONSE" },
    ]);
  });
});
