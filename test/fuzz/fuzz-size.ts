/** Under `MILLRACE_VERIFY=1` millions of frames, else a sample. */
export const isVerify = process.env["MILLRACE_VERIFY"] === "1";

/** Printed with what fails, and taken again with `MILLRACE_SEED`. */
export const seed = Number(process.env["MILLRACE_SEED"] ?? 1);

/** So many frames of `full`; `MILLRACE_FRAMES` is the part of it that is run, 1 by default. */
export function frameCount(full: number, sample: number): number {
  return isVerify ? Math.ceil(full * Number(process.env["MILLRACE_FRAMES"] ?? 1)) : sample;
}
