import { switchFlag } from "./flag.ts";

export const jsonFlag = switchFlag({ about: "print JSON, an object per line" });
