// The reference site's settings refuse what they should (an undocumented export, a broken link), and give every page one title.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";

const execute = promisify(execFile);
/** @type {string[]} */
const folders = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/**
 * Builds a site of one package with one source file under the repository's own settings, and gives what it said and whether it
 * failed. The folder lies in the repository, where TypeScript finds the settings that packages extend.
 *
 * @param {string} source
 */
async function buildSite(source) {
  await mkdir(join(root, ".results"), { recursive: true });
  const folder = await mkdtemp(join(root, ".results", "docs-"));
  folders.push(folder);
  const settings = JSON.parse(await readFile(join(root, "typedoc.json"), "utf8"));
  const home = join(folder, "one");
  await mkdir(join(home, "src"), { recursive: true });
  const compiler = { extends: "../../../tsconfig.base.json", compilerOptions: { rootDir: "src" }, include: ["src"] };
  await writeFile(join(home, "package.json"), JSON.stringify({ name: "one", version: "1.0.0", type: "module" }));
  await writeFile(join(home, "tsconfig.json"), JSON.stringify(compiler));
  await writeFile(join(home, "README.md"), "# one\n\nOne.\n");
  await writeFile(join(folder, "README.md"), "# The project\n\nAll of it.\n");
  await writeFile(join(folder, "guide.md"), "# How to use it\n\nBegin here.\n\n## Then\n");
  await writeFile(join(home, "src", "index.ts"), source);
  await writeFile(
    join(folder, "typedoc.json"),
    JSON.stringify({
      ...settings,
      ...{ plugin: [join(root, "tools", "docs", "titles.mjs")], entryPoints: ["one"], projectDocuments: ["guide.md"] },
      ...{ readme: "README.md", out: "site" },
    }),
  );
  const site = join(folder, "site");
  const typedoc = join(root, "node_modules", "typedoc", "bin", "typedoc");
  return execute(process.execPath, [typedoc], { cwd: folder }).then(
    ({ stdout, stderr }) => ({ failed: false, output: stdout + stderr, site }),
    ({ stdout, stderr }) => ({ failed: true, output: stdout + stderr, site }),
  );
}

test("a documented export with a good link passes", async () => {
  const source = "/** One. */\nexport const one = 1;\n/** See {@link one}. */\nexport const two = 2;\n";
  expect(await buildSite(source)).toMatchObject({ failed: false });
});

test("an undocumented export fails", async () => {
  const { failed, output } = await buildSite("export function bare(): void {}\n");
  expect({ failed, output }).toEqual({ failed: true, output: expect.stringMatching(/bare .*does not have any doc/) });
});

test("a broken link fails", async () => {
  const { failed, output } = await buildSite("/** See {@link nothing}. */\nexport const one = 1;\n");
  expect({ failed, output }).toEqual({ failed: true, output: expect.stringMatching(/resolve link to "nothing"/) });
});

test("a guide is called by its heading, and every page has one heading of the first level", async () => {
  const { site } = await buildSite("/** One. */\nexport const one = 1;\n");
  const titles = async (/** @type {string} */ page) => {
    const html = await readFile(join(site, page), "utf8");
    return [...html.matchAll(/<h1[^>]*>(.*?)<\/h1>/gs)].map(([, text = ""]) => text.replace(/<[^>]*>/g, "").trim());
  };
  expect(await titles("documents/How_to_use_it.html")).toEqual(["How to use it"]);
  expect(await titles("index.html")).toHaveLength(1);
});
