// Draws the pictures of all pages anew: `npm run docs:pictures`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { repository } from "../../tidy/source-files.ts";
import { pages } from "../pages.ts";
import { withPictures } from "./pictures.ts";

for (const page of pages) {
  const path = join(repository, page);
  const text = readFileSync(path, "utf8");
  const drawn = withPictures(text);
  if (drawn !== text) writeFileSync(path, drawn);
}
