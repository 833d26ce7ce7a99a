import { ask } from "./registry-world.ts";

interface Given {
  readonly subject: string;
  readonly id: number;
  readonly schema: string;
}

/** Registers and deletes at one or more registries, and remembers each answer: no id is to come twice, none to be lost. */
export class RegistryLoad {
  /** What was wrong, in words. */
  readonly faults: string[] = [];
  readonly #random: () => number;
  /** The schema of each id that was ever told. */
  readonly #schemas = new Map<number, string>();
  readonly #ids = new Map<string, number>();
  /** Of subjects that are there. */
  readonly #there: Given[] = [];
  #count = 0;
  /** Of those that are there. */
  #checkedCount = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get toldCount(): number {
    return this.#schemas.size;
  }

  /** Resolves once two more ids are told: there is load then, however slow the machine is. */
  async isUnderWay(): Promise<void> {
    const wanted = this.#schemas.size + 2;
    while (this.#schemas.size < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Several clients at once, until the signal aborts; what is not answered counts for nothing. */
  async run(urls: () => readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: 8 }, () => this.#client(urls, signal)));
  }

  async #client(urls: () => readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const all = urls();
      const url = all[Math.floor(this.#random() * all.length)];
      try {
        const kind = this.#random();
        if (kind < 0.7) await this.#register(url, this.#newSchema());
        else if (kind < 0.85) await this.#register(url, this.#knownSchema());
        else await this.#registerAndDelete(url);
      } catch {
        // Killed while it was asked. What it has done is not known.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #newSchema(): string {
    const name = `R${++this.#count}`;
    return JSON.stringify({ type: "record", name, fields: [] });
  }

  #knownSchema(): string {
    const given = this.#there[Math.floor(this.#random() * this.#there.length)];
    return given?.schema ?? this.#newSchema();
  }

  async #register(url: string, schema: string): Promise<void> {
    const subject = `s${Math.floor(this.#random() * 1e9)}`;
    const id = await this.#registered(url, subject, schema);
    if (id !== undefined) this.#there.push({ subject, id, schema });
  }

  /** Its id is not to come again. */
  async #registerAndDelete(url: string): Promise<void> {
    const subject = `gone${Math.floor(this.#random() * 1e9)}`;
    await this.#registered(url, subject, this.#newSchema());
    await ask(url, `DELETE /subjects/${subject}`);
    await ask(url, `DELETE /subjects/${subject}?permanent=true`);
  }

  async #registered(url: string, subject: string, schema: string): Promise<number | undefined> {
    const { status, body } = await ask(url, `POST /subjects/${subject}/versions`, { schema });
    if (status !== 200) {
      if (status < 500) this.faults.push(`${subject} is refused: ${JSON.stringify(body)}`);
      return undefined;
    }
    const { id } = body as { readonly id: number };
    const owner = this.#schemas.get(id) ?? schema;
    const known = this.#ids.get(schema) ?? id;
    if (owner !== schema) this.faults.push(`id ${id} was given to ${owner} and to ${schema}`);
    if (known !== id) this.faults.push(`${schema} has the ids ${known} and ${id}`);
    this.#schemas.set(id, schema);
    this.#ids.set(schema, id);
    return id;
  }

  /** What was told since the last check is there, and some of what was told before. */
  async checkSome(url: string): Promise<void> {
    const recent = this.#there.slice(this.#checkedCount);
    const some = Array.from({ length: 100 }, () => this.#random() * this.#checkedCount);
    const older = some.map((index) => this.#there[Math.floor(index)]).filter(Boolean);
    this.#checkedCount = this.#there.length;
    await this.#check(url, [...recent, ...older]);
  }

  /** All that was told is there. */
  async checkAll(url: string): Promise<void> {
    await this.#check(url, this.#there);
  }

  async #check(url: string, wanted: readonly Given[]): Promise<void> {
    const left = [...wanted];
    const work = async (): Promise<void> => {
      for (let given = left.pop(); given !== undefined; given = left.pop())
        await this.#checkOne(url, given);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }

  async #checkOne(url: string, { subject, id, schema }: Given): Promise<void> {
    const byId = await ask(url, `GET /schemas/ids/${id}`);
    const bySubject = await ask(url, `GET /subjects/${subject}/versions/latest`);
    if ((byId.body as { readonly schema?: string }).schema !== schema)
      this.faults.push(`id ${id} of ${schema} is lost: ${JSON.stringify(byId.body)}`);
    if ((bySubject.body as { readonly id?: number }).id !== id)
      this.faults.push(`${subject} with id ${id} is lost: ${JSON.stringify(bySubject.body)}`);
  }
}
