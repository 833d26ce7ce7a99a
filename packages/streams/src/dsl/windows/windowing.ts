import { windowed, type Serde } from "@millrace/serde";
import type { RowOrder } from "@millrace/state";

import type { Naming } from "../../plan/naming.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import type { Processor } from "../../processor/processor.ts";
import type { TableView } from "../../processor/value-getter.ts";
import { draftSessionStore, draftWindowStore, type StoreOption } from "../store-options.ts";
import { SessionAggregateProcessor } from "./session-aggregate.ts";
import { sessionView } from "./session-view.ts";
import type { SessionWindows } from "./session-windows.ts";
import { SlidingAggregateProcessor } from "./sliding-aggregate.ts";
import type { SlidingWindows } from "./sliding-windows.ts";
import type { TimeWindows } from "./time-windows.ts";
import { UnevenWindowAggregateProcessor } from "./uneven-window-aggregate.ts";
import { WindowAggregateProcessor } from "./window-aggregate.ts";
import type { WindowFold, WindowUpdatesOptions } from "./window-updates.ts";
import { windowView } from "./window-view.ts";

/** All kinds of windows. */
export type AnyWindows = TimeWindows | SlidingWindows | SessionWindows;

/** What a kind of windows brings to an aggregation. */
export interface Windowing {
  readonly keySerdeOf: (key: Serde<unknown>) => Serde<unknown>;
  readonly draftStore: (
    option: StoreOption | undefined,
    naming: { readonly prefix: string; readonly naming: Naming },
    forwardsUpdates: boolean,
  ) => StoreDraft;
  readonly viewOf: (store: string) => TableView;
  /** How long after its end a window still changes; undefined: there are no windows. */
  readonly graceMs: number | undefined;
  readonly processorOf: (fold: WindowFold, kept: WindowUpdatesOptions) => Processor;
}

export function windowingOf(windows: AnyWindows): Windowing {
  switch (windows.kind) {
    case "time":
      return {
        ...inTime(windows, {
          retentionMsMin: windows.sizeMs + windows.graceMs,
          // As in Kafka, where they alone have a cache even if nothing leaves before windows close.
          cachesClosing: true,
          closingOrder: "time",
        }),
        keySerdeOf: (key) => windowed(key, windows) as Serde<unknown>,
        processorOf: (fold, kept) =>
          windows.isOneSize
            ? new WindowAggregateProcessor(windows, fold, kept)
            : new UnevenWindowAggregateProcessor(windows, fold, kept),
      };
    case "sliding":
      return {
        ...inTime(windows, {
          retentionMsMin: Math.max(1, 2 * windows.sizeMs + windows.graceMs),
          cachesClosing: false,
          closingOrder: "timeOrKey",
        }),
        keySerdeOf: (key) => windowed(key, { size: windows.sizeMs }) as Serde<unknown>,
        processorOf: (fold, kept) => new SlidingAggregateProcessor(windows, fold, kept),
      };
    case "session":
      return {
        keySerdeOf: (key) => windowed(key, "session") as Serde<unknown>,
        draftStore: (option, naming, forwardsUpdates) => {
          const retentionMsMin = Math.max(1, windows.gapMs + windows.graceMs);
          return draftSessionStore(option, naming, {
            retentionMsMin,
            mayCache: forwardsUpdates,
            order: forwardsUpdates ? "key" : "time",
          });
        },
        viewOf: sessionView,
        graceMs: windows.gapMs + windows.graceMs,
        processorOf: (fold, kept) => new SessionAggregateProcessor(windows, fold, kept),
      };
  }
}

/** How windows in time are kept. */
interface WindowKeeping {
  readonly retentionMsMin: number;
  /** True: there is a cache also where nothing leaves before windows close. */
  readonly cachesClosing: boolean;
  /** How they are read where they leave when they close. */
  readonly closingOrder: RowOrder;
}

function inTime(
  windows: TimeWindows | SlidingWindows,
  { retentionMsMin, cachesClosing, closingOrder }: WindowKeeping,
): Omit<Windowing, "keySerdeOf" | "processorOf"> {
  const { sizeMs, graceMs } = windows;
  const { endOf, windows: text } =
    windows.kind === "time" ? windows : { endOf: undefined, windows: "sliding windows" };
  return {
    draftStore: (option, naming, forwardsUpdates) =>
      draftWindowStore(option, naming, {
        sizeMs,
        endOf,
        windows: text,
        retentionMsMin,
        mayCache: forwardsUpdates || cachesClosing,
        order: forwardsUpdates ? "key" : closingOrder,
      }),
    viewOf: windowView,
    graceMs,
  };
}
