#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/main.js", import.meta.url);
if (existsSync(entry)) {
  const { runCommand } = await import("@kindred/command-line/node");
  await runCommand(entry);
} else {
  console.error("kindred-train has not been built. Run: npm run build");
  process.exitCode = 1;
}
