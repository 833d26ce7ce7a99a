/** Of each topic of the programs that are killed; each has tasks, stores and files of its own. */
export const partitionCount = process.env["MILLRACE_VERIFY"] === "1" ? 4 : 2;
