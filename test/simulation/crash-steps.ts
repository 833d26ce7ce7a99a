/**
 * The crash steps that exist in this code base, and how late a seed may choose to die in each: within the
 * first so many times that it is reached. C11 belongs to retention.
 */
export const crashSteps = {
  C1: 300,
  C2: 200,
  C3: 300,
  C4: 2,
  C5: 8,
  C6: 8,
  C7: 4,
  C8: 10,
  C9: 10,
  C10: 10,
  C12: 25,
  C13: 40,
  C14: 40,
  C15: 40,
  C16: 4,
  C17: 5,
  C18: 30,
  C19: 30,
  C20: 30,
  C21: 2,
} as const;

export type CrashStep = keyof typeof crashSteps;

export const crashStepNames = Object.keys(crashSteps) as readonly CrashStep[]; // the keys, as declared
