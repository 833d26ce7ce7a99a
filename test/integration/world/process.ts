import {
  FileSystemError,
  MetricRegistry,
  NetworkError,
  type Connection,
  type FileLock,
  type FileSystem,
  type Listener,
  type Logger,
  type Network,
  type NetworkAddress,
  type Platform,
} from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";

/** What a process logged: name and fields. */
export interface LoggedEvent {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function collectingLogger(events: LoggedEvent[]): Logger {
  return {
    isEnabled: (level) => level !== "debug",
    log: (_level, name, fields) => {
      events.push({ name, fields: fields ?? {} });
      if (process.env["SHOW_EVENTS"] !== undefined)
        console.error(Math.round(performance.now()), name, JSON.stringify(fields));
    },
  };
}

/**
 * A process of its own on a shared network and disk, that can be cut off, and that can die: its connections break
 * without a word, its locks are free, and nothing it still does reaches the world.
 */
export class TestProcess {
  readonly platform: Platform;
  readonly events: LoggedEvent[] = [];
  readonly #network: CuttableNetwork;
  readonly #files: MortalFiles;

  constructor(shared: Platform) {
    this.#network = new CuttableNetwork(shared.network);
    this.#files = new MortalFiles(shared.fileSystem);
    this.platform = {
      ...shared,
      random: nodePlatform().random,
      network: this.#network,
      fileSystem: this.#files.fileSystem,
      metrics: new MetricRegistry(),
      logger: collectingLogger(this.events),
    };
  }

  /** Breaks all connections and refuses new ones until `reconnect`. */
  disconnect(): void {
    this.#network.cut();
  }

  reconnect(): void {
    this.#network.heal();
  }

  /** As `kill -9`. */
  die(): void {
    this.#network.cut();
    this.#files.die();
  }

  has(event: string): boolean {
    return this.events.some(({ name }) => name === event);
  }
}

class CuttableNetwork implements Network {
  readonly #shared: Network;
  readonly #open = new Set<Connection>();
  #isCut = false;

  constructor(shared: Network) {
    this.#shared = shared;
  }

  listen(...given: Parameters<Network["listen"]>): Promise<Listener> {
    return this.#shared.listen(...given);
  }

  async connect(...given: Parameters<Network["connect"]>): Promise<Connection> {
    const [address] = given;
    if (this.#isCut) throw refused(address);
    const connection = await this.#shared.connect(...given);
    if (this.#isCut) {
      connection.destroy();
      throw refused(address);
    }
    this.#open.add(connection);
    return connection;
  }

  cut(): void {
    this.#isCut = true;
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  heal(): void {
    this.#isCut = false;
  }
}

function refused({ host, port }: NetworkAddress): NetworkError {
  return new NetworkError("CONNECTION_REFUSED", `cannot connect to ${host}:${port}: cut off`);
}

class MortalFiles {
  readonly fileSystem: FileSystem;
  readonly #locks = new Set<FileLock>();
  #isDead = false;

  constructor(shared: FileSystem) {
    const alive = (path: string): void => {
      if (this.#isDead) throw new FileSystemError("INPUT_OUTPUT", path, "the process is dead");
    };
    this.fileSystem = {
      open: (path, mode) => {
        alive(path);
        const handle = shared.open(path, mode);
        return {
          path,
          sizeBytes: () => handle.sizeBytes(),
          read: (target, position) => handle.read(target, position),
          write: (parts, position) => {
            alive(path);
            handle.write(parts, position);
          },
          truncate: (sizeBytes) => {
            alive(path);
            handle.truncate(sizeBytes);
          },
          datasync: () => handle.datasync(),
          trustPageCache: () => handle.trustPageCache(),
          close: () => handle.close(),
        };
      },
      makeDirectory: (path) => (alive(path), shared.makeDirectory(path)),
      list: (path) => shared.list(path),
      stat: (path) => shared.stat(path),
      rename: (source, target) => (alive(source), shared.rename(source, target)),
      remove: (path) => (alive(path), shared.remove(path)),
      removeDirectory: (path) => (alive(path), shared.removeDirectory(path)),
      syncDirectory: (path) => shared.syncDirectory(path),
      lock: async (path, note) => {
        alive(path);
        const lock = await shared.lock(path, note);
        this.#locks.add(lock);
        return {
          setNote: (text) => lock.setNote(text),
          release: () => {
            this.#locks.delete(lock);
            lock.release();
          },
        };
      },
      readLockNote: (path) => shared.readLockNote(path),
      freeBytes: (path) => shared.freeBytes(path),
      totalBytes: (path) => shared.totalBytes(path),
      absolutePath: (path) => shared.absolutePath(path),
      descriptors: () => shared.descriptors(),
    };
  }

  die(): void {
    this.#isDead = true;
    for (const lock of this.#locks) lock.release();
    this.#locks.clear();
  }
}
