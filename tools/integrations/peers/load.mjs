// The libraries that @kindred/integrations serves, found from this folder: they are installed here and nowhere else.

/**
 * A module of one of them, with whatever types it has left aside: they are not there before it is installed.
 *
 * @param {string} name package, or package and path
 * @returns {Promise<any>}
 */
export const loadPeer = (name) => import(name);
