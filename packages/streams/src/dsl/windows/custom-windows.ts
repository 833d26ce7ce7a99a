import {
  isSynchronousFunction,
  shown,
  toMilliseconds,
  type Duration,
  type Timestamp,
  type Window,
} from "@millrace/model";

import { CallbackError } from "../../error/callback-error.ts";
import { TopologyError } from "../../error/topology-error.ts";
import { requireList } from "../../processor/callback-result.ts";
import type { GraceOption, TimeWindows } from "./time-windows.ts";
import { requireWindowOptions } from "./window-options.ts";

export interface CustomWindowsOptions extends GraceOption {
  /** Of the longest window: so long is kept what may still change. */
  readonly size: Duration;
  /**
   * The windows that a time is in, none where it is in none; the end of a window is not part of it. Asked again about
   * the start of a window, it must give the same one: stores and topics hold starts alone.
   */
  readonly windowsFor: (timestamp: Timestamp) => Iterable<Window>;
}

/**
 * Windows of one's own (Kafka: a subclass of `Windows`), such as shifts, trading hours or terms.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`, DurationError
 * @example
 * const hour = 3_600_000;
 * const shifts = customWindows({
 *   size: "8h",
 *   windowsFor: (at) => {
 *     const start = at - (at % (8 * hour));
 *     return [{ start, end: start + 8 * hour }];
 *   },
 * });
 */
export function customWindows(options: CustomWindowsOptions): TimeWindows {
  requireWindowOptions("customWindows", options);
  const { size, windowsFor, grace = 0 } = options;
  const sizeMs = toMilliseconds(size, "size of customWindows");
  if (sizeMs === 0) throw invalid("size of customWindows is 0 ms; give that of the longest window");
  if (!isSynchronousFunction(windowsFor))
    throw invalid(
      `windowsFor of customWindows is ${shown(windowsFor)}; give a synchronous function, (timestamp) => windows`,
    );
  const windows = new KnownWindows(windowsFor, sizeMs);
  return Object.freeze({
    kind: "time",
    name: "customWindows",
    sizeMs,
    graceMs: toMilliseconds(grace, "grace of customWindows"),
    startsAt: (timestamp: Timestamp) => windows.startsAt(timestamp),
    endOf: (start: Timestamp) => windows.endOf(start),
    isOneSize: false,
    canClose: true,
  });
}

const endsMax = 4096;

/** What the function of a user said, checked, and the ends of windows by their starts. */
class KnownWindows {
  readonly #windowsFor: CustomWindowsOptions["windowsFor"];
  readonly #sizeMs: number;
  readonly #ends = new Map<Timestamp, Timestamp>();

  constructor(windowsFor: CustomWindowsOptions["windowsFor"], sizeMs: number) {
    this.#windowsFor = windowsFor;
    this.#sizeMs = sizeMs;
  }

  startsAt(timestamp: Timestamp): readonly Timestamp[] {
    const starts: Timestamp[] = [];
    for (const window of this.#at(timestamp)) {
      if (this.endOf(window.start) !== window.end)
        throw refused(
          `a window for ${timestamp} and another for its start: [${window.start}, ${window.end}) and ` +
            `[${window.start}, ${this.endOf(window.start)}); return the same, since a window is known by its start`,
        );
      if (!starts.includes(window.start)) starts.push(window.start);
    }
    return starts.sort((left, right) => left - right);
  }

  endOf(start: Timestamp): Timestamp {
    const known = this.#ends.get(start);
    if (known !== undefined) return known;
    const window = this.#at(start).find((one) => one.start === start);
    if (window === undefined)
      throw refused(
        `no window that starts at ${start}, and one that does for a later time; return it`,
      );
    if (this.#ends.size === endsMax) this.#ends.clear();
    this.#ends.set(start, window.end);
    return window.end;
  }

  #at(timestamp: Timestamp): readonly Window[] {
    const given = [...requireList(this.#windowsFor(timestamp), "customWindows")];
    for (const window of given) this.#check(window, timestamp);
    return given;
  }

  #check(window: Window | null, timestamp: Timestamp): void {
    if (typeof window !== "object" || window === null)
      throw refused(`${shown(window)} for a window; return { start, end }`);
    const { start, end } = window;
    const isOne =
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(end) &&
      start >= 0 &&
      start <= timestamp &&
      timestamp < end &&
      end - start <= this.#sizeMs;
    if (!isOne)
      throw refused(
        `the window [${start}, ${end}) for ${timestamp}; return { start, end } in whole milliseconds, from 0, around ` +
          `the time, and no longer than the size, ${this.#sizeMs} ms`,
      );
  }
}

function refused(advice: string): CallbackError {
  return new CallbackError("CALLBACK_GAVE_NO_WINDOW", "customWindows", advice);
}

function invalid(message: string): TopologyError {
  return new TopologyError("INVALID_WINDOWS", message);
}
