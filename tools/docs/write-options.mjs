// Writes docs/options.md anew: `node tools/docs/write-options.mjs`, after a build.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../node-runtime.mjs";
import { optionsPage } from "./options-page.mjs";

writeFileSync(join(root, "docs", "options.md"), optionsPage());
