// A client for measuring: requests over so many connections that stay open, and what became of each.
import { Agent, request } from "node:http";

/**
 * What became of one request.
 *
 * @typedef {object} Outcome
 * @property {number | string} status of the answer, or the code of the error in its place
 * @property {number} ms from the moment it was due
 * @property {boolean} retryAfter whether the answer says when to come again
 */

/** Posts texts to one route of a server. */
export class Client {
  /** @type {URL} */
  #url;
  #agent;

  /** @param {string} url of the route @param {number} connections */
  constructor(url, connections) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /**
   * @param {string} text
   * @param {number} [due] when it should have been sent, by `performance.now()`; default: now
   * @returns {Promise<Outcome & { body: string }>}
   */
  post(text, due = performance.now()) {
    const body = JSON.stringify({ inputs: text });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    return new Promise((resolve) => {
      const end = (/** @type {number | string} */ status, retryAfter = false, answer = "") =>
        resolve({ status, ms: performance.now() - due, retryAfter, body: answer });
      const sent = request(this.#url, { method: "POST", agent: this.#agent, headers }, (response) => {
        /** @type {Buffer[]} */
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", (error) => end(codeOf(error)));
        response.on("end", () => {
          const retryAfter = response.headers["retry-after"] !== undefined;
          end(response.statusCode ?? 0, retryAfter, Buffer.concat(parts).toString());
        });
      });
      sent.on("error", (error) => end(codeOf(error)));
      sent.end(body);
    });
  }

  /** Of the server, without the route. */
  get origin() {
    return this.#url.origin;
  }

  close() {
    this.#agent.destroy();
  }
}

/** @param {Error & { code?: string }} error */
const codeOf = (error) => error.code ?? error.message;

/**
 * Each text once, so many at a time: the next is sent when one is answered. It shows what a server can do, not how long people wait.
 *
 * @param {Client} client
 * @param {readonly string[]} texts
 * @param {number} atOnce
 * @returns {Promise<Outcome[]>}
 */
export async function closedLoop(client, texts, atOnce) {
  const left = texts.values();
  /** @type {Outcome[]} */
  const outcomes = [];
  const work = async () => {
    for (const text of left) outcomes.push(await client.post(text));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

/**
 * Requests that come when they come, at random and so many a second on average, whether the server keeps up or not. Time counts from when a
 * request was due: one that waits here for a free connection waits too.
 *
 * @param {Client} client
 * @param {readonly string[]} texts from the beginning again after the last
 * @param {{ rate: number, seconds: number }} options
 * @returns {Promise<{ outcomes: Outcome[], seconds: number }>} the seconds until the last answer
 */
export async function openLoop(client, texts, { rate, seconds }) {
  const begin = performance.now();
  /** @type {Promise<Outcome>[]} */
  const asked = [];
  for (let due = begin; due < begin + 1000 * seconds; due += (-1000 * Math.log(1 - Math.random())) / rate) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    asked.push(client.post(texts[asked.length % texts.length] ?? "", due));
  }
  const outcomes = await Promise.all(asked);
  return { outcomes, seconds: (performance.now() - begin) / 1000 };
}

/**
 * The times of answers, of statuses how many, and of whatever else than 200.
 *
 * @param {readonly Outcome[]} outcomes
 */
export function summary(outcomes) {
  const times = outcomes
    .filter(({ status }) => status === 200)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  /** @type {Record<string, number>} */
  const statuses = {};
  for (const { status } of outcomes) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    count: outcomes.length,
    errors: outcomes.length - times.length,
    statuses,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
  };
}
