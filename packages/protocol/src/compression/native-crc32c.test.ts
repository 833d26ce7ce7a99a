import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { crc32c, type NativeCrc32c, setNativeCrc32c } from "../wire/crc32c.ts";
import { loadNativeCrc32c } from "./native-crc32c.ts";

const native = loadNativeCrc32c();

afterEach(() => setNativeCrc32c(undefined));

describe("native CRC-32C", () => {
  // Where no binary fits the machine there is nothing to compare.
  it.skipIf(native === undefined)(
    "is that of our own code, of any range, going on from any",
    () => {
      const bytes = new Uint8Array(9000);
      const position = fc.nat(bytes.length);
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 1, maxLength: 200 }),
          position,
          position,
          fc.nat(0xffff_ffff),
          (pattern, one, other, crc) => {
            for (let at = 0; at < bytes.length; at++) bytes[at] = pattern[at % pattern.length] ^ at;
            const range = [Math.min(one, other), Math.max(one, other), crc] as const;
            setNativeCrc32c(undefined);
            const expected = crc32c(bytes, ...range);
            setNativeCrc32c(native);
            expect(crc32c(bytes, ...range)).toBe(expected);
          },
        ),
      );
    },
  );

  it("is asked from 1 KiB on", () => {
    const lengths: number[] = [];
    setNativeCrc32c((bytes, crc) => {
      lengths.push(bytes.length);
      return crc;
    });
    const bytes = new Uint8Array(3000);
    crc32c(bytes, 10, 1033);
    expect(crc32c(bytes, 10, 1034, 7)).toBe(7);
    expect(lengths).toEqual([1024]);
  });

  it("is left alone where it cannot be loaded, or gives something else", () => {
    const refuse = (): never => {
      throw new Error("Cannot find native binding");
    };
    const other: NativeCrc32c = () => 1;
    expect(loadNativeCrc32c(refuse)).toBeUndefined();
    expect(loadNativeCrc32c(() => ({}))).toBeUndefined();
    expect(loadNativeCrc32c(() => ({ crc32c: other }))).toBeUndefined();
  });

  it("may be absent: codecs load, and checksums are right", () => {
    const absent = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "@node-rs/crc32") throw new Error("absent");
        return next(name, context);
      } });`;
    const ask = `await import(process.argv[1] + "compression/node-compression.ts");
      const { loadNativeCrc32c } = await import(process.argv[1] + "compression/native-crc32c.ts");
      const { crc32c } = await import(process.argv[1] + "wire/crc32c.ts");
      console.log(loadNativeCrc32c(), crc32c(new Uint8Array(2048)));`;
    const sources = new URL("../", import.meta.url).href;
    const parameters = [
      "--input-type=module",
      "--import",
      `data:text/javascript,${encodeURIComponent(absent)}`,
    ];
    const said = execFileSync(process.execPath, [...parameters, "--eval", ask, sources], {
      cwd: fileURLToPath(sources),
      encoding: "utf8",
    });
    expect(said).toBe("undefined 2760475471\n");
  });
});
