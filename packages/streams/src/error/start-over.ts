/** What is left where state and offsets are of no use any more: the end of a sentence. */
export function startOver(applicationId = "APPLICATION-ID"): string {
  return `start over: a new applicationId; or stop all instances, and run "npx millrace streams reset ${applicationId} --state DIR --execute", which has it read its inputs again, and deletes its internal topics and what is in DIR, the stateDirectory, if there is one`;
}
