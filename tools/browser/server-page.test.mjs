// The page that a server brings along does what it says in a real browser, and puts texts in as text.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { createServer } from "@kindred/server";
import { serve } from "@kindred/server/node";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { browserPath, startBrowser } from "./chromium.mjs";

const modelFolder = join(root, "..", "shared", "golden", "mpnet-tiny", "model");

test.skipIf(browserPath === undefined || !existsSync(modelFolder))(
  "two texts are compared, a list is searched, tokens are shown, and a text with markup stays a text",
  async () => {
    await using encoder = await loadSentenceEncoder(modelFolder);
    const running = await serve(createServer({ models: { "<b>tiny</b>": encoder } }), { port: 0 });
    const browser = await startBrowser();
    try {
      const tab = await browser.newPage();
      /** @type {string[]} */
      const errors = [];
      tab.on("pageerror", (error) => errors.push(String(error)));
      tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await tab.goto(running.url);
      await tab.locator("#model option").waitFor({ state: "attached" });
      expect(await tab.locator("#model").textContent()).toMatch(/^<b>tiny<\/b>: \d+ numbers/);

      await tab.fill("#first", "the same");
      await tab.fill("#second", "the same");
      await tab.click("#compare button");
      await tab.locator("#score", { hasText: "1.0000" }).waitFor();

      const markup = "<img src=x onerror=alert(1)>";
      await tab.fill("#list", `another text\n${markup}\n`);
      await tab.fill("#query", markup);
      await tab.click("#search button");
      await tab.locator("#ranking tr").nth(1).waitFor();
      const rows = await tab.locator("#ranking tr").allTextContents();
      expect([rows.length, rows[0]]).toEqual([2, `1.0000${markup}`]);

      await tab.fill("#text", markup);
      await tab.click("#tokenize button");
      await tab.locator("#tokens .special").first().waitFor();
      const expected = encoder.tokenizer.encode(markup).ids.length;
      expect(await tab.locator("#tokens .token").count()).toBe(expected);
      expect(await tab.locator("img").count()).toBe(0);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await running.close();
    }
  },
  120_000,
);
