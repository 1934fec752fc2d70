import { Client, closedLoop, summary } from "../../serve/client.mjs";

/**
 * @typedef {object} ServerSetup
 * @property {string} folder of the model
 * @property {string[]} texts
 * @property {number} threads of the server
 * @property {number} connections
 */

/**
 * A server as a contestant: each text is a request, with all connections busy.
 *
 * @param {string} name
 * @param {import("../../serve/start-server.mjs").StartedServer} server
 * @param {ServerSetup} setup
 * @returns {import("../contestant.mjs").Contestant}
 */
export function askedServer(name, { url, stop }, { texts, connections }) {
  const client = new Client(`${url}/embed`, connections);
  /** @type {number[]} */
  let vector = [];
  return {
    name,
    async measure() {
      const outcomes = await closedLoop(client, texts, connections);
      const { errors, statuses } = summary(outcomes);
      if (errors > 0) throw new Error(`askedServer: ${name} did not answer all. Got ${JSON.stringify(statuses)}.`);
      const { body } = await client.post(texts[0] ?? "");
      [vector] = JSON.parse(body);
      return texts.length + 1;
    },
    sample: () => vector,
    async close() {
      client.close();
      await stop();
    },
  };
}
