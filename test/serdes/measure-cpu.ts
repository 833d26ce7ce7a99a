/** Nanoseconds of processor time of one call each, by name: medians of runs that take turns. */
export function measureCpu<Name extends string>(
  works: Readonly<Record<Name, () => void>>,
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Readonly<Record<Name, number>> {
  const entries = Object.entries<() => void>(works);
  const runs = new Map(entries.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of entries) {
      const start = process.cpuUsage();
      for (let call = 0; call < calls; call++) work();
      const { user, system } = process.cpuUsage(start);
      runs.get(name)?.push(((user + system) * 1000) / calls);
    }
  }
  const medians = [...runs].map(([name, all]) => [name, median(all)]);
  return Object.fromEntries(medians) as Record<Name, number>;
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
}
