import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));
const path = join(folder, "completions.ts");
const uri = pathToFileURL(path).href;
const lines = readFileSync(path, "utf8").split("\n");

/** Each comment that names options, and where an editor would ask; there it is as if somebody had begun to type. */
const places = lines.flatMap((code, line) => {
  const comment = /\/\*(.*)\*\//.exec(code);
  if (comment === null) return [];
  const names = comment[1].trim().split(" ");
  // Behind another option, a comma comes first: that is no mistake, so all stand in one text, which is read once.
  const begun = code[comment.index - 1] === "{" ? "" : ", ";
  lines[line] = `${code.slice(0, comment.index)}${begun} ${code.slice(comment.index)}`;
  return [{ line, character: comment.index + begun.length, names, code: code.trim() }];
});

/** TypeScript as editors ask it, by the language server protocol. */
class LanguageServer {
  readonly #process = spawn("tsc", ["--lsp", "--stdio"], { cwd: folder });
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #received = Buffer.alloc(0);
  #lastId = 0;

  constructor() {
    this.#process.stdout.on("data", (bytes: Buffer) => this.#receive(bytes));
  }

  ask(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  tell(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  close(): void {
    this.#process.kill();
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#received.subarray(0, end).toString();
      const size = Number(/Content-Length: (\d+)/i.exec(head)?.[1]);
      const from = end + 4;
      if (this.#received.length < from + size) return;
      this.#take(JSON.parse(this.#received.subarray(from, from + size).toString()));
      this.#received = this.#received.subarray(from + size);
    }
  }

  #take(message: { id?: number; method?: string; result?: unknown; error?: unknown }): void {
    if (message.id === undefined) return;
    // What the server asks of us is answered with nothing.
    if (message.method !== undefined) this.#send({ id: message.id, result: null });
    else this.#waiting.get(message.id)?.(message.result ?? message.error);
  }
}

const server = new LanguageServer();

beforeAll(async () => {
  const rootUri = pathToFileURL(folder).href;
  await server.ask("initialize", { processId: process.pid, rootUri, capabilities: {} });
  server.tell("initialized", {});
  const textDocument = { uri, languageId: "typescript", version: 1, text: lines.join("\n") };
  server.tell("textDocument/didOpen", { textDocument });
});

afterAll(() => server.close());

test.each(places)("an editor offers the options of $code", async (place) => {
  const { line, character, names } = place;
  const answer = await server.ask("textDocument/completion", {
    textDocument: { uri },
    position: { line, character },
  });
  const offered = labelsOf(answer);
  expect(names.filter((name) => !offered.has(name))).toEqual([]);
});

function labelsOf(answer: unknown): ReadonlySet<string> {
  const items = (answer as { items?: readonly { label: string }[] } | null)?.items ?? [];
  return new Set(items.map(({ label }) => label.replace(/\?$/, "")));
}
