import { defineConfig } from "vitest/config";

const conditions = ["@kindred/source", "node", "import", "default"];

// Every folder with tests runs them with this one configuration, through tools/vitest.mjs.
export default defineConfig({
  // Sources import each other through the "@kindred/source" condition, so tests need no build, except those that start workers
  // or commands.
  resolve: { conditions },
  environments: { ssr: { resolve: { conditions } } },
  plugins: [
    {
      // vitest passes these conditions to Node as well, where workers inherit them. Workers run from dist, as for users: Node 20
      // reads no TypeScript.
      name: "no-source-condition-for-workers",
      configResolved(config) {
        Object.assign(config.ssr ?? {}, { resolve: { ...config.ssr?.resolve, conditions: [] } });
      },
    },
  ],
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
