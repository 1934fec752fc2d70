// Writes docs/events.md anew: `node tools/docs/write-events.mjs`, after a build.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../node-runtime.mjs";
import { eventsPage } from "./events-page.mjs";

writeFileSync(join(root, "docs", "events.md"), eventsPage());
