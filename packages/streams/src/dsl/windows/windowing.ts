import { windowed, type Serde } from "@millrace/serde";

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
    mayCache: boolean,
  ) => StoreDraft;
  readonly viewOf: (store: string) => TableView;
  /** How long after its end a window still changes; undefined: there are no windows. */
  readonly graceMs: number | undefined;
  readonly processorOf: (fold: WindowFold, kept: WindowUpdatesOptions) => Processor;
}

export function windowingOf(windows: AnyWindows): Windowing {
  switch (windows.kind) {
    case "time": {
      const { draftStore, ...others } = ofOneSize(windows, windows.sizeMs + windows.graceMs);
      return {
        ...others,
        // As in Kafka, where they alone have a cache even if nothing leaves before windows close.
        draftStore: (option, naming) => draftStore(option, naming, true),
        processorOf: (fold, kept) => new WindowAggregateProcessor(windows, fold, kept),
      };
    }
    case "sliding":
      return {
        ...ofOneSize(windows, 2 * windows.sizeMs + windows.graceMs),
        processorOf: (fold, kept) => new SlidingAggregateProcessor(windows, fold, kept),
      };
    case "session":
      return {
        keySerdeOf: (key) => windowed(key, "session") as Serde<unknown>,
        draftStore: (option, naming, mayCache) => {
          const retentionMsMin = windows.gapMs + windows.graceMs;
          return draftSessionStore(option, naming, { retentionMsMin, mayCache });
        },
        viewOf: sessionView,
        graceMs: windows.gapMs + windows.graceMs,
        processorOf: (fold, kept) => new SessionAggregateProcessor(windows, fold, kept),
      };
  }
}

function ofOneSize(
  { sizeMs, graceMs }: TimeWindows | SlidingWindows,
  retentionMsMin: number,
): Omit<Windowing, "processorOf"> {
  return {
    keySerdeOf: (key) => windowed(key, { size: sizeMs }) as Serde<unknown>,
    draftStore: (option, naming, mayCache) =>
      draftWindowStore(option, naming, { sizeMs, retentionMsMin, mayCache }),
    viewOf: windowView,
    graceMs,
  };
}
