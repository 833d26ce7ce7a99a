import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Flags {
  /** Where the broker's data and the state lie. */
  readonly data: string;
  /** Folder of the Markdown files that are counted. */
  readonly text: string;
  readonly "until-done": boolean;
}

const usage = `npm start                              shows the counts as they change; Ctrl-C ends it
npm start -- --data DIR --until-done   ends when all is counted, and prints the whole table
npm start -- --text FOLDER             counts the Markdown files of another folder`;

/** Reads the command line; ends the process where it asks for help, or is not understood. */
export function readFlags(): Flags {
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  try {
    const { values } = parseArgs({
      options: {
        data: { type: "string", default: join(repository, "data/word-count") },
        text: { type: "string", default: repository },
        "until-done": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    return values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
