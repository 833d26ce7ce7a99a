import { randomBytes, randomInt } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, statSync, writeSync, type BigIntStats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import zlib from "node:zlib";
import { FileSystemError } from "../file-system-error.ts";
import type { FileLock } from "../file-system.ts";
import { errnoOf, fileSystemError } from "./file-system-errors.ts";
import { drainTurn, nodeTimers } from "./node-timers.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { isNode } from "./runtime.ts";

/*
 * Node has no flock. Each contender puts up a claim: a file `<path>.<unique>.claim` that names its process, made
 * whole beside and renamed into place, so that nobody reads half of one. Then it looks at the claims of others:
 *
 *   put up own claim  ->  look  ->  no claim of a living process  ->  the lock is held while the claim stands
 *                               ->  some claim of a living process ->  take own claim down; wait a little, or LOCKED
 *
 * A thread may end while its process lives on. Who holds a lock has its claim's file open, and the claim says by which
 * descriptor: Node closes those of a thread that ends, however it does, and descriptors are the whole process's. So a claim
 * of the own process counts while that descriptor is of its file.
 *
 * Two that come at once both put up before either looks, so at least one of them sees the other: never two holders.
 * (Both may step back; they try again after waits of random length.) Names are never used twice, hence a dead
 * claim can be removed by whoever sees it, without a race: there is no moment between "it is stale" and "remove".
 * A process on another machine or in another container cannot be seen alive: the folder must not be shared so.
 */

interface Claim extends ProcessIdentity {
  readonly note: string;
  /** Of the holder, open on the claim's file. Undefined where descriptors do not tell: the process is what counts. */
  readonly descriptor?: number;
}

/** As it was read, with the file that it was read from: another may have the name since. */
interface FoundClaim extends Claim {
  readonly file: string;
  readonly stats: BigIntStats;
}

const claimEnd = ".claim";
const draftEnd = `${claimEnd}.draft`;
const attemptsMax = 8;
const waitMsMax = 20;

export async function lockFile(givenPath: string, note: string): Promise<FileLock> {
  const path = resolve(givenPath); // claims are told apart by their names: one spelling for each
  for (let attempt = 1; ; attempt++) {
    const lock = tryLock(path, note);
    if (lock instanceof HeldFileLock) return lock;
    if (attempt === attemptsMax || lock.isSettled) throw lockedError(path, lock.claim);
    await drainTurn();
    await nodeTimers.sleep(randomInt(1, waitMsMax + 1));
  }
}

export function readNoteOfLiveHolder(path: string): string | undefined {
  for (const file of claimFiles(resolve(path))) {
    const claim = readClaim(file);
    if (claim !== undefined && isHeld(claim)) return claim.note;
  }
  return undefined;
}

interface Refusal {
  readonly claim: FoundClaim;
  /** The other one was there before we came: no use in trying again. */
  readonly isSettled: boolean;
}

function tryLock(path: string, note: string): HeldFileLock | Refusal {
  try {
    removeDraftsOfTheDead(path);
    const before = livingClaim(path, undefined);
    if (before !== undefined) return { claim: before, isSettled: true };
    const unique = `${process.pid}-${randomBytes(6).toString("hex")}`;
    const file = `${path}.${unique}${claimEnd}`;
    const identity = ownIdentity();
    const lock = new HeldFileLock(file, { ...identity, note });
    const other = livingClaim(path, file);
    if (other === undefined) return lock;
    lock.release();
    return { claim: other, isSettled: false };
  } catch (cause) {
    throw fileSystemError(path, cause);
  }
}

/** Removes the claims of the dead that it meets. */
function livingClaim(path: string, ownFile: string | undefined): FoundClaim | undefined {
  let living: FoundClaim | undefined;
  for (const file of claimFiles(path)) {
    if (file === ownFile) continue;
    const claim = readClaim(file);
    if (claim === undefined) continue;
    if (isHeld(claim)) living = claim;
    else rmSync(file, { force: true });
  }
  return living;
}

function isHeld({ descriptor, stats, ...identity }: FoundClaim): boolean {
  if (!isAlive(identity)) return false;
  if (descriptor === undefined || identity.processId !== process.pid) return true;
  return isOpenOn(descriptor, stats);
}

function isOpenOn(descriptor: number, { ino, dev }: BigIntStats): boolean {
  try {
    const open = fstatSync(descriptor, { bigint: true });
    return open.ino === ino && open.dev === dev;
  } catch (cause) {
    if (errnoOf(cause) === "EBADF") return false;
    throw cause;
  }
}

/** One that was killed between the making of its claim and the renaming of it leaves a draft. */
function removeDraftsOfTheDead(path: string): void {
  for (const file of filesOf(path, draftEnd))
    if (!isAlive(namedProcess(file))) rmSync(file, { force: true });
}

/** The process whose number a file's name has; when it started is not known. */
function namedProcess(file: string): ProcessIdentity {
  return { processId: Number(/\.(\d+)-[0-9a-f]+\.claim/.exec(basename(file))?.[1]), startedAt: "" };
}

function claimFiles(path: string): string[] {
  return filesOf(path, claimEnd);
}

function filesOf(path: string, end: string): string[] {
  const start = `${basename(path)}.`;
  const folder = dirname(path);
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .map((name) => join(folder, name));
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return [];
    throw cause;
  }
}

/** Undefined: it was taken down meanwhile. */
function readClaim(file: string): FoundClaim | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      const claim = parseClaim(readFileSync(descriptor, "utf8")) ?? damagedClaim(file);
      return { ...claim, file, stats: fstatSync(descriptor, { bigint: true }) };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

/** Undefined where it is not what was written. */
function parseClaim(text: string): Claim | undefined {
  const [content, checksum] = text.split("\n");
  // The first claims had no checksum.
  if (checksum !== undefined && checksum !== checksumOf(content)) return undefined;
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("processId" in value) || typeof value.processId !== "number") return undefined;
    const startedAt = "startedAt" in value ? String(value.startedAt) : "";
    const note = "note" in value ? String(value.note) : "";
    const claim = { processId: value.processId, startedAt, note };
    const descriptor = "descriptor" in value ? value.descriptor : undefined;
    return typeof descriptor === "number" ? { ...claim, descriptor } : claim;
  } catch {
    return undefined;
  }
}

/** Nobody is to have the folder beside a process that lives, whatever became of its claim. */
function damagedClaim(file: string): Claim {
  const identity = namedProcess(file);
  const advice = `remove that if process ${identity.processId} has nothing to do with it`;
  return { ...identity, note: `its claim ${file} is damaged: ${advice}` };
}

function checksumOf(content: string): string {
  return zlib.crc32(content).toString(16);
}

/** @returns the descriptor of the claim's file, which stays open */
function writeClaim(file: string, claim: Claim): number {
  const draft = `${file}.draft`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    // Of Node alone it is known that they tell; and some file systems number a file anew each time.
    const tells = isNode && isOpenOn(descriptor, statSync(draft, { bigint: true }));
    const content = JSON.stringify(tells ? { ...claim, descriptor } : claim);
    writeSync(descriptor, `${content}\n${checksumOf(content)}`);
    // Or a power loss might leave an empty claim behind.
    fsyncSync(descriptor);
    renameSync(draft, file);
    return descriptor;
  } catch (cause) {
    closeSync(descriptor);
    // A process that lives on tries again, each time by another name: on a full disk they would become more and more.
    rmSync(draft, { force: true });
    throw cause;
  }
}

function lockedError(path: string, holder: FoundClaim): FileSystemError {
  const note = holder.note === "" ? "" : ` (${holder.note})`;
  // Where nobody tells when a process began, another one may have its number since, as after a power loss.
  const advice =
    holder.startedAt === ""
      ? `; if that process has nothing to do with it, remove ${holder.file}`
      : "";
  return new FileSystemError(
    "LOCKED",
    path,
    `process ${holder.processId}${note} holds the lock; stop it, or use another folder${advice}`,
  );
}

class HeldFileLock implements FileLock {
  readonly #file: string;
  readonly #claim: Claim;
  /** Those of earlier notes, too: another thread may just have read one of them. */
  readonly #descriptors: number[];
  #isHeld = true;

  constructor(file: string, claim: Claim) {
    this.#file = file;
    this.#claim = claim;
    this.#descriptors = [writeClaim(file, claim)];
  }

  setNote(note: string): void {
    if (!this.#isHeld) return;
    try {
      this.#descriptors.push(writeClaim(this.#file, { ...this.#claim, note }));
    } catch (cause) {
      throw fileSystemError(this.#file, cause);
    }
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const descriptor of this.#descriptors) closeSync(descriptor);
    rmSync(this.#file, { force: true });
  }
}
