import {
  catchError,
  delay,
  from,
  Observable,
  observable,
  of,
  take,
  throwError,
  type ObservableInput,
} from "rxjs";
import { TestScheduler, type RunHelpers } from "rxjs/testing";
import { describe, expect, test } from "vitest";

import { Delivery, type DeliveryOptions } from "./delivery.ts";
import type { Counted } from "./waiting-records.ts";

interface Letter extends Counted {
  readonly letter: string;
}

const show = ({ letter, missed }: Letter): string =>
  missed === 0 ? letter : `${letter} after ${missed}`;

const atOnce = (letter: Letter): ObservableInput<string> => of(show(letter));
/** Ten frames of work. */
const work = (letter: Letter): ObservableInput<string> => of(show(letter)).pipe(delay(10));

/** Letters as a source brings them: `.` commits what came, and so does a capital letter at once; `x` undoes it. */
function delivered(
  source: Observable<string>,
  options: DeliveryOptions,
  told: string[] = [],
): Observable<unknown> {
  return new Observable((subscriber) => {
    const delivery = new Delivery<Letter>(subscriber, options, {
      dropped: (count) => told.push(`dropped ${count}`),
      roomMade: () => told.push("room"),
    });
    const take = (letter: string): void => {
      const isLetter = letter !== "." && letter !== "x";
      if (isLetter && delivery.makeRoom())
        delivery.put({ letter: letter.toLowerCase(), missed: 0 });
      if (letter === "x") delivery.discard();
      else if (letter !== letter.toLowerCase() || letter === ".") delivery.settle();
      if (!delivery.hasRoom) told.push(`full at ${letter}`);
    };
    subscriber.add(
      source.subscribe({
        next: take,
        error: (error) => delivery.end({ error }),
        complete: () => delivery.end(undefined),
      }),
    );
  });
}

const marbles = (body: (helpers: RunHelpers) => void): void =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(body);

describe("records come after their commit", () => {
  test("in order, and then the end", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  a-b-.--c-d-(.|)");
      const result = "      ----(ab)---(cd|)";
      expectObservable(delivered(source, { backPressure: "buffer", project: atOnce })).toBe(result);
    }));

  test("without those that were undone", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  a-b-x--a-c-(.|)");
      const result = "      -----------(ac|)";
      expectObservable(delivered(source, { backPressure: "buffer", project: atOnce })).toBe(result);
    }));

  test("and before the error of the source", () =>
    marbles(({ hot, expectObservable }) => {
      const error = new Error("the application failed");
      const source = hot("  a-.-b-#", undefined, error);
      const result = "      --a---#";
      expectObservable(delivered(source, { backPressure: "buffer", project: atOnce })).toBe(
        result,
        undefined,
        error,
      );
    }));
});

describe("while a subscriber is at work", () => {
  test("buffer keeps records up to its bound", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  ABC|");
      const result = "      10ms a 9ms b 9ms (c|)";
      expectObservable(delivered(source, { backPressure: "buffer", bound: 2, project: work })).toBe(
        result,
      );
    }));

  test("buffer ends in an error at once where there are more", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  ABCD--");
      const result = "      ---(e|)";
      const codes = delivered(source, { backPressure: "buffer", bound: 2, project: work }).pipe(
        catchError((error: { readonly code: string }) => of(error.code)),
      );
      expectObservable(codes).toBe(result, { e: "SUBSCRIBER_TOO_SLOW" });
    }));

  test("buffer counts those that are not committed yet", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  abc--.");
      const result = "      --(e|)";
      const codes = delivered(source, { backPressure: "buffer", bound: 2 }).pipe(
        catchError((error: { readonly code: string }) => of(error.code)),
      );
      expectObservable(codes).toBe(result, { e: "SUBSCRIBER_TOO_SLOW" });
    }));

  test("drop leaves out those that find the bound reached, and the next one tells it", () =>
    marbles(({ hot, expectObservable, flush }) => {
      const told: string[] = [];
      const source = hot("  ABCDE----------F|");
      const result = "      10ms a 9ms b 9ms (f|)";
      expectObservable(
        delivered(source, { backPressure: "drop", bound: 1, project: work }, told),
      ).toBe(result, { a: "a", b: "b", f: "f after 3" });
      flush();
      expect(told).toEqual(["dropped 1", "dropped 1", "dropped 1"]);
    }));

  test("sample keeps the latest, and tells how many there were besides", () =>
    marbles(({ hot, expectObservable, flush }) => {
      const told: string[] = [];
      const source = hot("  ABCD|");
      const result = "      10ms a 9ms (d|)";
      expectObservable(delivered(source, { backPressure: "sample", project: work }, told)).toBe(
        result,
        { a: "a", d: "d after 2" },
      );
      flush();
      expect(told).toEqual(["dropped 1", "dropped 1"]);
    }));

  test("block has no room from its bound on, until half of it is free", () =>
    marbles(({ hot, expectObservable, flush }) => {
      const told: string[] = [];
      const source = hot("  (abcde.)|");
      const result = "      10ms a 9ms b 9ms c 9ms d 9ms (e|)";
      expectObservable(
        delivered(source, { backPressure: "block", bound: 4, project: work }, told),
      ).toBe(result);
      flush();
      expect(told).toEqual(["full at d", "full at e", "full at .", "room"]);
    }));
});

describe("a projection", () => {
  const failure = new Error("no");

  test.each<[string, (letter: Letter) => ObservableInput<unknown>]>([
    ["that fails", () => throwError(() => failure)],
    [
      "that throws",
      () => {
        throw failure;
      },
    ],
  ])("%s ends the subscriber", (_name, project) =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  A-B");
      const result = "      #";
      expectObservable(delivered(source, { backPressure: "buffer", project })).toBe(
        result,
        undefined,
        failure,
      );
    }),
  );

  test("that gives nothing to wait for is told", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  A");
      const result = "      (e|)";
      const names = delivered(source, {
        backPressure: "buffer",
        project: (() => 7) as never,
      }).pipe(catchError((error: Error) => of(error.name)));
      expectObservable(names).toBe(result, { e: "TypeError" });
    }));

  test("may give several values, or none", () =>
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot("  AB------(C|)");
      const inner = cold("  -x-x|");
      const result = "      -x-x-x-x-x-x|";
      expectObservable(delivered(source, { backPressure: "buffer", project: () => inner })).toBe(
        result,
      );
    }));

  test("is left with the subscriber", () =>
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot("  AB");
      const inner = cold("  ----------|");
      const leaving = "     ------!";
      expectObservable(
        delivered(source, { backPressure: "buffer", project: () => inner }),
        leaving,
      ).toBe("");
      expectSubscriptions(inner.subscriptions).toBe("^-----!");
    }));

  test("that gives without end, all at once, ends with its subscriber", () =>
    marbles(({ hot, expectObservable }) => {
      const source = hot("  A");
      const result = "      (aa|)";
      const project = function* ({ letter }: Letter) {
        for (;;) yield letter;
      };
      expectObservable(delivered(source, { backPressure: "buffer", project }).pipe(take(2))).toBe(
        result,
      );
    }));

  test("may be whatever rxjs takes, also of other libraries", async () => {
    const foreign = {
      [observable]: () => ({
        subscribe: (observer: { next(value: string): void; complete(): void }) => {
          observer.next("foreign");
          observer.complete();
          return { unsubscribe: () => {} };
        },
      }),
    };
    const inputs = [foreign, Promise.resolve("promise"), ["list"]];
    const seen: unknown[] = [];
    const letters = from(["A", "B", "C"]);
    const project = (_letter: Letter, index: number) => inputs[index] as ObservableInput<unknown>;
    await delivered(letters, { backPressure: "buffer", project }).forEach((value) => {
      seen.push(value);
    });
    expect(seen).toEqual(["foreign", "promise", "list"]);
  });

  test("that is done at once is called for many records in one turn", () =>
    marbles(({ expectObservable }) => {
      const letters = Array.from({ length: 500 }, (_, index) =>
        String.fromCodePoint(0x4e00 + index),
      );
      const source = from([...letters, "."]);
      expectObservable(delivered(source, { backPressure: "buffer", project: atOnce })).toBe(
        `(${letters.join("")}|)`,
      );
    }));
});
