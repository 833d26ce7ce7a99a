import { compareBytes, fromHex, toHex } from "@millrace/model";
import { check, checkEqual, type ConformanceCase } from "@millrace/model/conformance";
import { StateError } from "../contract/state-error.ts";
import type { EngineEntry, ScanRange, StoreEngine } from "../contract/store-engine.ts";
import { SeededChoice } from "./seeded-choice.ts";

export interface StoreEngineFixture {
  /** An engine that is empty. The case closes it. */
  openEmpty(): Promise<StoreEngine>;
  /** Closes, and opens the same data again; absent for engines that forget. */
  reopen?(engine: StoreEngine): Promise<StoreEngine>;
  /** Default 20. */
  readonly seeds?: number;
}

/**
 * What `StoreEngine` promises, as cases for any test runner.
 *
 * @example for (const { name, run } of storeEngineConformance(fixture)) it(name, run);
 */
export function storeEngineConformance(fixture: StoreEngineFixture): readonly ConformanceCase[] {
  const cases: ConformanceCase[] = [
    { name: "keys are in the order of unsigned bytes", run: () => ordersBytes(fixture) },
    { name: "bounds are from inclusive, to exclusive, both ways", run: () => keepsBounds(fixture) },
    { name: "what get gave belongs to the caller", run: () => givesCopies(fixture) },
    { name: "an empty value is a value", run: () => keepsEmptyValues(fixture) },
    { name: "the last write of a key in a batch wins", run: () => lastWriteWins(fixture) },
    { name: "a scan goes on in order while others write", run: () => scansThroughWrites(fixture) },
    { name: "what is pinned stays as it was, or says that it is closed", run: () => pins(fixture) },
    { name: "a range is deleted whole, and nothing else", run: () => deletesRanges(fixture) },
    { name: "a closed engine says so, and closes twice", run: () => closes(fixture) },
    { name: "it is a sorted map, whatever is done", run: () => everySeed(fixture, matchesModel) },
  ];
  const { reopen } = fixture;
  if (reopen !== undefined)
    cases.push({
      name: "what was written is there after closing and opening",
      run: () => everySeed(fixture, (engine, seed) => survivesReopening(engine, seed, reopen)),
    });
  return cases;
}

async function ordersBytes({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  const keys = ["00", "0000", "01", "7f", "80", "80ff", "ff", "ff00", "ffff"];
  engine.write(keys.toReversed().map((key) => entry(key, "01")));
  checkEqual(keysOf(engine, {}), keys, "forward");
  checkEqual(keysOf(engine, { direction: "backward" }), keys.toReversed(), "backward");
  await engine.close();
}

async function keepsBounds({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  engine.write(["10", "20", "30", "40"].map((key) => entry(key, "01")));
  for (const direction of ["forward", "backward"] as const) {
    const expect = (from: string, to: string, keys: string[]): void =>
      checkEqual(
        keysOf(engine, { from: fromHex(from), to: fromHex(to), direction }),
        direction === "forward" ? keys : keys.toReversed(),
        `${direction} from ${from} to ${to}`,
      );
    expect("20", "40", ["20", "30"]);
    expect("1000", "2000", ["20"]);
    expect("40", "20", []);
    expect("50", "60", []);
    expect("20", "20", []);
  }
  await engine.close();
}

async function pins({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  const keys = Array.from({ length: 600 }, (_, index) => toHex(Uint8Array.of(index >> 8, index)));
  engine.write(keys.map((key) => entry(key, "01")));
  const pinned = engine.pin();
  const before = engine.pin();
  check(pinned.next(), "the first");
  engine.write(keys.map((key, index) => entry(key, index % 2 === 0 ? null : "02")));
  engine.write([entry("0000ff", "03"), entry("ffff", "03")]);
  engine.deleteRange(fromHex("01"), fromHex("02"));
  const seen = [toHex(pinned.key)];
  for (; pinned.next(); seen.push(toHex(pinned.key)))
    checkEqual(toHex(pinned.value), "01", `the value of ${toHex(pinned.key)}`);
  checkEqual(seen, keys, "keys");
  pinned[Symbol.dispose]();
  await engine.close();
  check(codeOf(() => before.next()) === "STORE_CLOSED", "what is pinned must not end early");
  before[Symbol.dispose]();
}

async function givesCopies({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  engine.write([entry("01", "0a0b")]);
  engine.get(fromHex("01"))?.fill(0xff);
  checkEqual(hexOf(engine.get(fromHex("01"))), "0a0b", "after changing what get gave");
  checkEqual(hexOf(engine.get(fromHex("02"))), null, "a key that is not there");
  await engine.close();
}

async function keepsEmptyValues({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  engine.write([entry("01", "")]);
  checkEqual(hexOf(engine.get(fromHex("01"))), "", "an empty value");
  await engine.close();
}

async function lastWriteWins({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  engine.write([
    entry("01", "01"),
    entry("01", null),
    entry("01", "02"),
    entry("02", "01"),
    entry("02", null),
  ]);
  checkEqual(keysOf(engine, {}), ["01"], "keys");
  checkEqual(hexOf(engine.get(fromHex("01"))), "02", "the value");
  engine.write([]);
  await engine.close();
}

async function scansThroughWrites({ openEmpty }: StoreEngineFixture): Promise<void> {
  for (const direction of ["forward", "backward"] as const) {
    const engine = await openEmpty();
    const stay = Array.from({ length: 300 }, (_, index) => uint16(index * 8));
    engine.write(stay.map((key) => ({ key, value: Uint8Array.of(1) })));
    const seen: string[] = [];
    using cursor = engine.scan({ direction });
    for (let round = 0; cursor.next(); round++) {
      const key = toHex(cursor.key);
      if (cursor.value[0] === 1) seen.push(key);
      engine.write([
        { key: uint16(((round * 7919) % 2400) | 1), value: Uint8Array.of(2) },
        { key: uint16(((round * 31) % 2400) | 1), value: null },
      ]);
    }
    const expected = stay.map(toHex);
    checkEqual(seen, direction === "forward" ? expected : expected.toReversed(), direction);
    cursor[Symbol.dispose]();
    await engine.close();
  }
}

async function deletesRanges({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  const keys = ["10", "20", "2000", "2fff", "30", "40"];
  engine.write(keys.map((key) => entry(key, "01")));
  engine.deleteRange(fromHex("20"), fromHex("30"));
  checkEqual(keysOf(engine, {}), ["10", "30", "40"], "after deleting from 20 to 30");
  engine.deleteRange(fromHex("20"), fromHex("30"));
  engine.write([entry("2000", "02")]);
  checkEqual(keysOf(engine, {}), ["10", "2000", "30", "40"], "after writing into it again");
  await engine.close();
}

async function closes({ openEmpty }: StoreEngineFixture): Promise<void> {
  const engine = await openEmpty();
  engine.write([entry("01", "01")]);
  await engine.close();
  await engine.close();
  for (const use of [
    () => engine.get(fromHex("01")),
    () => engine.write([entry("01", "01")]),
    () => engine.scan({}),
    () => engine.pin(),
    () => engine.deleteRange(fromHex("01"), fromHex("02")),
  ])
    check(codeOf(use) === "STORE_CLOSED", "a closed engine must throw STORE_CLOSED");
}

type SeededRun = (engine: StoreEngine, seed: number) => Promise<StoreEngine>;

async function everySeed(fixture: StoreEngineFixture, run: SeededRun): Promise<void> {
  for (let seed = 1; seed <= (fixture.seeds ?? 20); seed++) {
    const engine = await run(await fixture.openEmpty(), seed);
    await engine.close();
  }
}

async function matchesModel(engine: StoreEngine, seed: number): Promise<StoreEngine> {
  const choice = new SeededChoice(seed);
  const model = new Map<string, string>();
  for (let step = 0; step < 60; step++) {
    writeBoth(engine, model, choice);
    if (choice.isOneIn(10)) deleteBoth(engine, model, choice);
    if (choice.isOneIn(3)) {
      const range = randomRange(choice);
      checkEqual(
        entriesOf(engine, range),
        modelEntries(model, range),
        `seed ${seed}, step ${step}`,
      );
    }
    const key = randomKey(choice);
    checkEqual(hexOf(engine.get(key)), model.get(toHex(key)) ?? null, `seed ${seed}, get`);
  }
  checkEqual(entriesOf(engine, {}), modelEntries(model, {}), `seed ${seed}, at the end`);
  return engine;
}

async function survivesReopening(
  engine: StoreEngine,
  seed: number,
  reopen: (engine: StoreEngine) => Promise<StoreEngine>,
): Promise<StoreEngine> {
  const choice = new SeededChoice(seed);
  const model = new Map<string, string>();
  for (let round = 0; round < 3; round++) {
    for (let step = 0; step < 10; step++) writeBoth(engine, model, choice);
    deleteBoth(engine, model, choice);
    writeBoth(engine, model, choice);
    engine = await reopen(engine);
    checkEqual(entriesOf(engine, {}), modelEntries(model, {}), `seed ${seed}, round ${round}`);
  }
  return engine;
}

function writeBoth(engine: StoreEngine, model: Map<string, string>, choice: SeededChoice): void {
  const batch: EngineEntry[] = [];
  for (let index = choice.below(12); index >= 0; index--) {
    const key = randomKey(choice);
    const value = choice.isOneIn(3) ? null : Uint8Array.of(choice.below(256), choice.below(256));
    if (value === null) model.delete(toHex(key));
    else model.set(toHex(key), toHex(value));
    batch.push({ key, value });
  }
  engine.write(batch);
}

function deleteBoth(engine: StoreEngine, model: Map<string, string>, choice: SeededChoice): void {
  const [from, to] = [randomKey(choice), randomKey(choice)].sort(compareBytes);
  engine.deleteRange(from, to);
  for (const key of model.keys())
    if (compareBytes(fromHex(key), from) >= 0 && compareBytes(fromHex(key), to) < 0)
      model.delete(key);
}

function randomKey(choice: SeededChoice): Uint8Array {
  const key = new Uint8Array(1 + choice.below(3));
  for (let index = 0; index < key.length; index++)
    key[index] = choice.of([0, 1, 0x7f, 0x80, 0xfe, 0xff]);
  return key;
}

function randomRange(choice: SeededChoice): ScanRange {
  return {
    direction: choice.isOneIn(2) ? "backward" : "forward",
    ...(choice.isOneIn(3) ? {} : { from: randomKey(choice) }),
    ...(choice.isOneIn(3) ? {} : { to: randomKey(choice) }),
  };
}

function modelEntries(model: Map<string, string>, { from, to, direction }: ScanRange): string[] {
  const entries = [...model]
    .map(([key, value]) => ({ key: fromHex(key), value }))
    .filter(({ key }) => from === undefined || compareBytes(key, from) >= 0)
    .filter(({ key }) => to === undefined || compareBytes(key, to) < 0)
    .sort((left, right) => compareBytes(left.key, right.key))
    .map(({ key, value }) => `${toHex(key)}=${value}`);
  return direction === "backward" ? entries.toReversed() : entries;
}

function entriesOf(engine: StoreEngine, range: ScanRange): string[] {
  const entries: string[] = [];
  using cursor = engine.scan(range);
  while (cursor.next()) entries.push(`${toHex(cursor.key)}=${toHex(cursor.value)}`);
  return entries;
}

function keysOf(engine: StoreEngine, range: ScanRange): string[] {
  return entriesOf(engine, range).map((text) => text.slice(0, text.indexOf("=")));
}

function entry(key: string, value: string | null): EngineEntry {
  return { key: fromHex(key), value: value === null ? null : fromHex(value) };
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

function hexOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : toHex(bytes);
}

function codeOf(use: () => unknown): string {
  try {
    use();
  } catch (error) {
    return error instanceof StateError ? error.code : String(error);
  }
  return "nothing was thrown";
}
