import { nodePlatform } from "@millrace/platform/node";

import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { numberFlag, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

interface CopiedTask {
  readonly applicationId: string;
  readonly task: string;
  readonly id: string;
  readonly rows: number;
  readonly lengthBytes: number;
}

interface LeftOutTask {
  readonly applicationId: string;
  readonly task: string;
  readonly leftOut: string;
}

interface FailedTask {
  readonly applicationId: string;
  /** Undefined: all of the application. */
  readonly task?: string;
  readonly failed: string;
}

/** `millrace streams snapshot`: copies of the state of applications that do not run, for others to start from. */
export const streamsSnapshotCommand = command({
  path: "streams snapshot",
  summary: "copy the state of a stopped application, for instances to start from",
  names: "[APPLICATION-ID]",
  flags: {
    state: textFlag({
      placeholder: "DIR",
      about: "where the state is: the stateDirectory of its options",
    }),
    to: textFlag({
      placeholder: "DIR|s3://BUCKET/PREFIX",
      about: "where the copies go: the stateFrom of the instances that start from them",
    }),
    keep: numberFlag({
      min: 1,
      about: "remove all but the N newest of each task, and of the two newest none",
    }),
    json: jsonFlag,
  },
  notes: `Without an id all applications in DIR are copied. One that runs is refused: it copies its state itself, by app.snapshot(), as often as
you like. S3 and what is like it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL for stores that are not Amazon's.`,

  async run({ flags: { state, to, keep, json }, names }, { print, signal, surroundings }) {
    const [applicationId, ...rest] = names;
    if (rest.length > 0) throw new UsageError("give the id of one application, or none");
    const {
      ApplicationError,
      applicationIdKind,
      applicationsIn,
      openSnapshotStore,
      snapshotState,
    } = await import("@millrace/streams");
    if (applicationId !== undefined && !applicationIdKind.accepts(applicationId))
      throw new UsageError(`an application id is ${applicationIdKind.allowed}`);
    if (state === undefined || to === undefined) throw new UsageError("give --state and --to");
    if (surroundings === undefined)
      throw new CommandError("stores are read by the millrace command of the package millrace");
    const platform = nodePlatform();
    const named = to.includes("://") ? await surroundings.openSnapshots(to, platform) : undefined;
    const place = openSnapshotStore(to, { platform, openSnapshots: () => named });
    const engines = await surroundings.openEngines(platform);
    const copied: CopiedTask[] = [];
    const left: LeftOutTask[] = [];
    const failures: FailedTask[] = [];
    const ids = applicationId === undefined ? applicationsIn(platform, state) : [applicationId];
    for (const application of ids) {
      const order = { applicationId: application, engines, to: place, signal };
      const outcome = await snapshotState(platform, state, {
        ...order,
        ...(keep === undefined ? {} : { keep }),
      }).catch((error: unknown) => {
        // One of several that runs ends nothing for the others.
        if (ids.length === 1 || !(error instanceof ApplicationError)) throw error;
        failures.push({ applicationId: application, failed: error.message });
      });
      if (outcome === undefined) continue;
      const { written, leftOut, failed } = outcome;
      for (const one of written) copied.push({ applicationId: application, ...one });
      for (const { task, cause } of leftOut)
        left.push({ applicationId: application, task, leftOut: cause.message });
      for (const { task, cause } of failed)
        failures.push({ applicationId: application, task, failed: cause.message });
    }
    if (json) print(JSON.stringify([...copied, ...left, ...failures]));
    else for (const line of textOf(copied, left)) print(line);
    if (failures.length > 0) throw notAllCopied(failures);
    if (copied.length === 0)
      throw new CommandError(`there is no state in ${state} that could be copied`);
  },
});

function notAllCopied(failures: readonly FailedTask[]): CommandError {
  const told = failures.map(({ applicationId, task, failed }) =>
    task === undefined ? failed : `${applicationId} ${task}: ${failed}`,
  );
  return new CommandError(`not all could be copied; the others were\n${told.join("\n")}`);
}

function* textOf(copied: readonly CopiedTask[], left: readonly LeftOutTask[]): Iterable<string> {
  yield* tableLines(
    ["application", "task", "snapshot", "rows", "bytes"],
    copied.map(({ applicationId, task, id, rows, lengthBytes }) => [
      applicationId,
      task,
      id,
      rows,
      lengthBytes,
    ]),
  );
  for (const { applicationId, task, leftOut } of left)
    yield `left out: ${applicationId} ${task}: ${leftOut}`;
}
