import { sortedRows, type View } from "./view.ts";

/** A line per change, `word count`: for pipes and files. */
export const plainView: View = {
  started() {},
  loaded() {},
  counted({ word, count, isNew }) {
    if (isNew) console.log(word, count);
  },
  finished(table) {
    console.log();
    for (const [word, count] of sortedRows(table)) console.log(word, count);
  },
  close() {},
};
