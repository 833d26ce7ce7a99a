import { optionTable, readOptions, textOption, type GivenOptions } from "@millrace/model";
import { isCounter, type MetricValue } from "@millrace/platform";
import type { Attributes, Meter, Observable, ObservableResult } from "@opentelemetry/api";

const rows = {
  /** What stands before each name. */
  prefix: textOption({ byDefault: "millrace." }),
};

export const observeMetricsOptionTable = optionTable("observeMetrics", rows);

/** How metrics are named. */
export interface ObserveMetricsOptions extends GivenOptions<typeof rows> {}

/** What has metrics: an application, for one. */
export interface MetricSource {
  metrics(): readonly MetricValue[];
}

/**
 * Shows all metrics of an application to OpenTelemetry, whenever its reader asks, until what it gives is disposed of:
 * what ends in `-total` and only grows as a counter, all else as a gauge, tags as attributes. What is new since the
 * reader asked last is there with the next time. A value that is not known yet, such as a lag before the first fetch, is
 * left out.
 *
 * @throws OptionError
 * @example
 * using _ = observeMetrics(app, metrics.getMeter("orders"));
 */
export function observeMetrics(
  source: MetricSource,
  meter: Meter,
  options: ObserveMetricsOptions = {},
): Disposable {
  const { prefix } = readOptions(observeMetricsOptionTable, options);
  const instruments = new Map<string, { readonly instrument: Observable; readonly show: Show }>();
  let byName: ReadonlyMap<string, readonly MetricValue[]> | undefined;
  const look = (): ReadonlyMap<string, readonly MetricValue[]> => {
    if (byName !== undefined) return byName;
    byName = Map.groupBy(source.metrics(), ({ name }) => name);
    // A reader asks for all instruments in one go: they are shown the same moment.
    void Promise.resolve().then(() => (byName = undefined));
    for (const name of byName.keys()) if (!instruments.has(name)) add(name);
    return byName;
  };
  const add = (name: string): void => {
    const show: Show = (result) => {
      for (const { value, tags } of look().get(name) ?? [])
        if (!Number.isNaN(value)) result.observe(value, tags);
    };
    const instrument = isCounter(name)
      ? meter.createObservableCounter(prefix + name)
      : meter.createObservableGauge(prefix + name);
    instrument.addCallback(show);
    instruments.set(name, { instrument, show });
  };
  look();
  return {
    [Symbol.dispose]: () => {
      for (const { instrument, show } of instruments.values()) instrument.removeCallback(show);
      instruments.clear();
    },
  };
}

type Show = (result: ObservableResult<Attributes>) => void;
