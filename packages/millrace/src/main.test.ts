import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs the command on a Node that gives itself out as another version. */
function runAs(version: string): Promise<{ readonly code: unknown; readonly err: string }> {
  const pretend = `
    Object.defineProperty(process, "version", { value: "v${version}" });
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  const disguise = `data:text/javascript,${encodeURIComponent(pretend)}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", disguise, main, "--version"], (error, _, err) => {
      resolve({ code: error?.code ?? 0, err });
    });
  });
}

test("the command says which Node it needs, on one that is too old", async () => {
  for (const version of ["20.20.2", "22.17.1"]) {
    const err = `millrace needs Node 22.18 or newer; this is v${version}\n`;
    expect(await runAs(version)).toEqual({ code: 1, err });
  }
  for (const version of ["22.18.0", "23.0.0", "24.21.0"])
    expect(await runAs(version)).toEqual({ code: 0, err: "" });
});
