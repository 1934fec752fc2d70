// Kindred's server, asked over so many connections at once.
import { startServer } from "../../serve/start-server.mjs";
import { askedServer } from "../inputs/asked-server.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/asked-server.mjs").ServerSetup>} */
export default async function enter(setup) {
  return askedServer("Kindred", await startServer(setup.folder, ["--cores", `${setup.threads}`]), setup);
}
