import { FileSystemError, type FileLock, type Platform } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import { parseTaskId, taskIdText, type TaskId } from "../processor/task-id.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";
import { removeFolder } from "./remove-folder.ts";
import { TaskOffsetFile } from "./task-offset-file.ts";
import { TopicIdFile } from "./topic-id-file.ts";

const formatVersion = 1;
const processFile = "kafka-streams-process-metadata";

/**
 * The folder of one process of an application: `<state directory>/<application id>`, with a folder per task.
 * It keeps the process id, from which the group seat and the transactional id come, so that a
 * process that was killed takes up its own again. One process at a time: the folder is locked.
 *
 * STREAMS-1: the process id of a folder never changes.
 */
export class StateDirectory {
  readonly path: string;
  readonly processId: string;
  readonly topicIds: TopicIdFile;
  readonly offsets: TaskOffsetFile;
  readonly #platform: Platform;
  readonly #lock: FileLock;

  private constructor(platform: Platform, path: string, processId: string, lock: FileLock) {
    this.#platform = platform;
    this.path = path;
    this.processId = processId;
    this.topicIds = new TopicIdFile(platform, path);
    this.offsets = new TaskOffsetFile(platform, path);
    this.#lock = lock;
  }

  /** @throws ApplicationError `STATE_DIRECTORY_IN_USE`, `STATE_DIRECTORY_UNUSABLE`, `STATE_FORMAT_TOO_NEW` */
  static async open(
    platform: Platform,
    stateDirectory: string,
    applicationId: string,
  ): Promise<StateDirectory> {
    const path = `${stateDirectory}/${applicationId}`;
    try {
      platform.fileSystem.makeDirectory(path);
      const lock = await platform.fileSystem.lock(`${path}/.lock`);
      try {
        const processId = await readOrCreateProcessId(platform, path);
        return new StateDirectory(platform, path, processId, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw explain(error, path);
    }
  }

  /** The folder of a task's engine; it may not be there yet. */
  taskDirectory(id: TaskId): string {
    return `${this.path}/${taskIdText(id)}`;
  }

  /** The folder of the global stores' engine, as Kafka calls it. */
  get globalDirectory(): string {
    return `${this.path}/global`;
  }

  /** Tasks that have left state here. */
  tasks(): readonly TaskId[] {
    return this.#platform.fileSystem
      .list(this.path)
      .map(parseTaskId)
      .filter((id) => id !== undefined);
  }

  /**
   * Removes the folders of tasks that were not used for this long, or of which nobody noted when they were; none may be open
   * (Kafka: `StateDirectory.cleanOutdatedDirsOnStartup`, KIP-1259).
   *
   * @throws ApplicationError `STATE_DIRECTORY_UNUSABLE`
   */
  async removeOutdated(ageMsMax: number): Promise<void> {
    const nowMs = this.#platform.clock.wallMs();
    try {
      for (const taskId of this.tasks()) {
        const usedMs = this.offsets.usedMs(taskIdText(taskId));
        const unusedMs = usedMs === undefined ? undefined : nowMs - usedMs;
        if (unusedMs === undefined || unusedMs >= ageMsMax) this.remove(taskId, unusedMs);
      }
    } catch (error) {
      throw explain(error, this.path);
    }
    await this.offsets.save();
  }

  /** Removes what a task has left here; `unusedMs` for the log, where that is known. */
  remove(taskId: TaskId, unusedMs: number | undefined): void {
    const task = taskIdText(taskId);
    const path = this.taskDirectory(taskId);
    removeFolder(this.#platform.fileSystem, path);
    this.offsets.forget(task);
    this.#platform.logger.log("info", "streams.state-removed", {
      task,
      path,
      ...(unusedMs !== undefined && { unusedMs }),
    });
  }

  /** Folders of databases that were damaged, or of another engine, and were set aside. */
  setAside(): readonly string[] {
    return this.#platform.fileSystem
      .list(this.path)
      .filter((name) => /^(?:\d+_\d+|global)\.[a-z]+-\d+$/.test(name))
      .map((name) => `${this.path}/${name}`);
  }

  close(): void {
    this.#lock.release();
  }
}

/** Those that have state in a state directory. */
export function applicationsIn(
  { fileSystem }: Pick<Platform, "fileSystem">,
  stateDirectory: string,
): readonly string[] {
  if (fileSystem.stat(stateDirectory)?.kind !== "directory") return [];
  return fileSystem
    .list(stateDirectory)
    .filter((name) => fileSystem.stat(`${stateDirectory}/${name}/${processFile}`) !== undefined);
}

async function readOrCreateProcessId(platform: Platform, path: string): Promise<string> {
  const { fileSystem } = platform;
  const file = `${path}/${processFile}`;
  if (fileSystem.stat(file) !== undefined) return readProcessId(platform, file);
  const processId = platform.random.uuid();
  const place = { directory: path, name: processFile };
  await writeJsonFile(platform, place, { processId, version: formatVersion });
  return processId;
}

function readProcessId(platform: Platform, file: string): string {
  const content = readJsonFile(platform, file) ?? "damaged";
  if (content === "damaged") throw noProcessId(file);
  const version = content["version"] ?? formatVersion;
  if (typeof version === "number" && version > formatVersion) {
    throw new ApplicationError(
      "STATE_FORMAT_TOO_NEW",
      `${file} has version ${version}, this Millrace knows up to ${formatVersion}. Upgrade Millrace, or give another stateDirectory; the state is rebuilt from the changelogs there.`,
    );
  }
  const processId = content["processId"];
  if (
    typeof processId !== "string" ||
    !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(processId)
  ) {
    throw noProcessId(file);
  }
  return processId;
}

/** Another id would be another member, with a transaction of its own: it is not made up. */
function noProcessId(file: string): ApplicationError {
  return new ApplicationError(
    "STATE_DIRECTORY_UNUSABLE",
    `${file} holds no process id, or a damaged one. Is this the state directory of something else? Then give another stateDirectory. Else remove that file: the process gets a new id, and keeps its state.`,
  );
}

function explain(error: unknown, path: string): unknown {
  if (!(error instanceof FileSystemError)) return error;
  if (error.code === "LOCKED") {
    return new ApplicationError(
      "STATE_DIRECTORY_IN_USE",
      `${path} is in use by another running process of this application. Stop that one, or give this one a stateDirectory of its own. (${error.message})`,
      { cause: error },
    );
  }
  return new ApplicationError(
    "STATE_DIRECTORY_UNUSABLE",
    `the state directory cannot be used: ${error.message}. Give another stateDirectory, or mend that.`,
    { cause: error },
  );
}
