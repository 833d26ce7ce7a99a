import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { serveCommands, type CommandServer } from "./command-server.ts";
import { treatmentOf, type Block } from "./pages.ts";
import type { ProgramRunner } from "./program-runner.ts";

/** The project in which blocks run: `node_modules` has the packed packages. */
export interface DocsProject {
  readonly folder: string;
  /** Folder of the `node` that users have at least. */
  readonly node22: string;
  /** Runs programs that end by themselves; without one each has a process. */
  readonly runner?: ProgramRunner;
  /** Whether it runs the shell's commands, too, but for brokers and registries. */
  readonly runsCommands?: boolean;
}

export interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

/** Longest that a block may take. */
const blockMsMax = 90_000;
/** How long a program that runs for ever, and is not talked to, is left alone once it can be ended. */
const endlessMs = 1000;
/** What such a program prints when it listens to SIGTERM: before that, on a busy machine, it would be killed by it. */
const canEnd = "can be ended";
const announcing = `process.on("newListener", (event) => event === "SIGTERM" && console.error("${canEnd}"));`;

/**
 * Runs a page's blocks in order, in one folder. A program that runs for ever is ended when the shell commands behind it
 * are done, or after a while where there are none. Ports that the page names are free ones here, and `npx millrace` talks
 * to that broker, and to that registry.
 */
export async function runPage(
  blocks: readonly Block[],
  name: string,
  { folder, node22, runner, runsCommands = false }: DocsProject,
): Promise<readonly (Ended & { readonly block: number })[]> {
  const cwd = join(folder, "pages", name);
  mkdirSync(join(cwd, "bin"), { recursive: true });
  const ports = {
    9092: await freePort(),
    9094: await freePort(),
    8080: await freePort(),
    8081: await freePort(),
  };
  const main = join(folder, "node_modules/.bin/millrace");
  await using commands =
    runner !== undefined && runsCommands
      ? await serveCommands(runner, main, blockMsMax)
      : undefined;
  writeShims(cwd, main, { ports, commands });
  const env = {
    ...process.env,
    PATH: [join(cwd, "bin"), node22, process.env["PATH"]].join(delimiter),
  };
  const ended: (Ended & { block: number })[] = [];
  let endless: Running | undefined;
  for (const [index, block] of blocks.entries()) {
    // In one go: the digits of a port that is put in may be another one's.
    const code = block.code.replaceAll(/9092|9094|8080|8081/g, (port) =>
      String(ports[Number(port) as keyof typeof ports]),
    );
    const own = commandOf(block, code, cwd);
    if (own === undefined) continue;
    if (runner !== undefined && treatmentOf(block) === "program") {
      const program = { file: own[1], cwd };
      const { code: exitCode, stdout, stderr } = await runner.run(program, blockMsMax);
      ended.push({ block: block.number, code: exitCode, output: `${stdout}${stderr}` });
      continue;
    }
    const running = start(own, { cwd, env });
    if (treatmentOf(block) === "endless program") {
      endless = running;
      const named = Object.values(ports).filter((port) => code.includes(String(port)));
      const isTalkedTo = blocks.at(index + 1)?.kind === "sh" && named.length > 0;
      await running.printed(canEnd);
      await (isTalkedTo ? untilReady(code, named, { cwd, env }) : sleep(endlessMs));
      if (isTalkedTo) continue;
    } else {
      ended.push({ block: block.number, ...(await running.ended) });
      if (endless === undefined) continue;
    }
    endless?.child.kill("SIGTERM");
    const { code: exitCode, output } = (await endless?.ended) ?? { code: 0, output: "" };
    ended.push({ block: block.number, code: exitCode, output: `ended by SIGTERM\n${output}` });
    endless = undefined;
  }
  return ended;
}

/** Undefined: the page's test does something else with it. */
function commandOf(
  block: Block,
  code: string,
  cwd: string,
): readonly [string, ...string[]] | undefined {
  const file = (ending: string): string => {
    const path = join(cwd, `block-${block.number}.${ending}`);
    writeFileSync(path, code);
    return path;
  };
  switch (treatmentOf(block)) {
    case "program":
      return ["node", file("ts")];
    case "endless program":
      return [
        "node",
        "--import",
        `data:text/javascript,${encodeURIComponent(announcing)}`,
        file("ts"),
      ];
    case "program of Node 24":
      return [process.execPath, file("ts")];
    case "CommonJS program":
      return ["node", file("cjs")];
    case "shell":
      return ["bash", "-e", file("sh")];
    default:
      return undefined;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when it has printed that, or has ended. */
  printed(text: string): Promise<unknown>;
}

function start(
  [file, ...parameters]: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Running {
  const child = spawn(file, parameters, options);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const timer = setTimeout(() => child.kill("SIGKILL"), blockMsMax);
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: signal ?? code, output });
    });
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const printed = async (text: string): Promise<void> => {
    while (!output.includes(text) && !hasEnded()) await sleep(20);
  };
  return { child, ended, printed };
}

/** `millrace` talks to the page's broker, and `npx` runs what is installed. */
function writeShims(
  cwd: string,
  main: string,
  {
    ports: { 9092: port, 8081: registryPort },
    commands,
  }: {
    readonly ports: { readonly 9092: number; readonly 8081: number };
    readonly commands: CommandServer | undefined;
  },
): void {
  const registry = `--registry http://127.0.0.1:${registryPort}`;
  const shims = {
    millrace: `case "$*" in
broker*--port*) exec node ${main} "$@";;
esac
case "$1" in
broker) exec node ${main} "$@" --port ${port};;
registry) exec node ${main} "$@" --port ${registryPort} --broker-port ${port};;
log | dump-log | streams) ;;
schemas) set -- "$@" ${registry};;
produce | consume) set -- "$@" --bootstrap-server 127.0.0.1:${port} ${registry};;
*) set -- "$@" --bootstrap-server 127.0.0.1:${port};;
esac
${commands?.text ?? `exec node ${main} "$@"`}`,
    npx: 'exec "$@"',
  };
  for (const [name, text] of Object.entries(shims)) {
    const path = join(cwd, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  }
}

/** Waits for one of the ports that the program names, and for the topics that it makes. */
async function untilReady(
  code: string,
  named: readonly number[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const deadline = Date.now() + 20_000;
  const isReady = async () => (await Promise.all(named.map(isListening))).includes(true);
  while (!(await isReady()) && Date.now() < deadline) await sleep(50);
  if (!code.includes("EmbeddedCluster")) return;
  const topics = async () => (await start(["millrace", "topics", "list"], options).ended).output;
  while ((await topics()) === "" && Date.now() < deadline);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
