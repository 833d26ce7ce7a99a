import type { SimulationContext } from "../simulation-context.ts";

/** Virtual time that the end of everything may take; the broker goes last. */
const endMsMax = 20_000;
const stepMs = 50;

/** I15: whoever has ended has nothing left: no file, no connection, no timer; and is in nobody's memory. */
export async function checkEnds({
  simulator,
  history,
  progress,
  processes,
  ended,
}: SimulationContext): Promise<void> {
  progress.ending.abort();
  const endMs = simulator.nowMs + endMsMax;
  const left = (): readonly string[] =>
    processes.flatMap((process) => {
      const held = Object.entries(process.held()).filter(([, count]) => count > 0);
      const text = held.map(([what, count]) => `${count} ${what}`).join(", ");
      return held.length === 0 ? [] : [`${process.name} has ${text}`];
    });
  while (left().length > 0 && simulator.nowMs < endMs) await simulator.advance(stepMs);
  for (const text of left()) history.violate("I15", `${text} ${endMsMax} ms after it was to end`);
  for (const [name, count] of await ended.held())
    history.violate("I15", `${count} times what was closed is still held: ${name}`);
}
