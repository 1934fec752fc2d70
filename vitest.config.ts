import { defineConfig } from "vitest/config";

// Every folder with tests runs them with this one configuration, through tools/vitest.mjs.
export default defineConfig({
  // Sources import each other through the "@kindred/source" condition, so tests need no build, except those that start workers or commands.
  resolve: { conditions: ["@kindred/source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["@kindred/source", "node", "import", "default"] } },
  test: {
    include: ["src/**/*.test.ts", "**/*.test.mjs"],
    passWithNoTests: true,
    reporters: ["default", ["json", { outputFile: ".results/test.json" }]],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
