import { optionTable, readOptions, valueOption } from "@millrace/model";

/** What is given is looked at where it is used, with an error of its own. */
const anything = valueOption({ allowed: "anything", accepts: () => true });
const grace = { grace: anything };

const rowsOf = {
  tumbling: grace,
  hopping: { ...grace, advance: anything },
  sliding: grace,
  session: grace,
  unlimited: { startOn: anything },
  calendar: { ...grace, timeZone: anything, weekStartsOn: anything },
  customWindows: { ...grace, size: anything, windowsFor: anything },
  countWindows: { advance: anything },
};

/**
 * A misspelt grace would lose what comes late, and say nothing.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`: they are no object
 */
export function requireWindowOptions(windows: keyof typeof rowsOf, options: unknown): void {
  readOptions(optionTable(windows, rowsOf[windows]), options);
}
