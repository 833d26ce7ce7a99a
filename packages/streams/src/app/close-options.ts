import { choiceOption, optionTable, type GivenOptions } from "@millrace/model";

const rows = {
  /** Whether the group is told: then others get the tasks at once. Else its places are kept for `sessionTimeout`. */
  group: choiceOption(["leave", "remain"], {
    byDefault: "leave",
    kafka: "CloseOptions.groupMembershipOperation",
  }),
};

/** How an application is closed. */
export interface CloseOptions extends GivenOptions<typeof rows> {}

export const closeOptionTable = optionTable("StreamsApp.close", rows);
