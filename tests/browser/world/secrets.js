// What must be in no log and on no page: remembered wherever a test meets it, looked for in pieces.

/** The shortest piece that counts as a leak: a key's hint shows four characters and four, never eight in a row. */
const PIECE_LENGTH = 8;
/** Every secret of the run so far, with what it is. @type {Map<string, string>} */
const met = new Map();

/** Remembers a secret. @returns {string} the secret itself */
export function remember(what, secret) {
  met.set(secret, what);
  return secret;
}

/** Remembers a key by the thirty characters behind its prefix. @returns {string} the key itself */
export function rememberKey(key) {
  remember("key", key.slice("eck_live_".length));
  return key;
}

/** How many are remembered. @returns {Record<string, number>} by what they are */
export function census() {
  const counts = {};
  for (const what of met.values()) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

/**
 * Looks for any piece of one secret.
 * @returns {string | undefined} the piece that was found
 */
export function pieceOf(secret, text) {
  return pieces(secret).find((piece) => text.includes(piece));
}

/** Looks for any piece of any secret that was met. @returns {string[]} what leaked, without the secret itself */
export function leaks(text) {
  const whose = new Map();
  for (const [secret, what] of met) for (const piece of pieces(secret)) whose.set(piece, what);
  const found = new Set();
  // One walk along the text, however many secrets there are.
  for (let at = 0; at + PIECE_LENGTH <= text.length; at += 1) {
    const what = whose.get(text.slice(at, at + PIECE_LENGTH));
    if (what) found.add(`a piece of a ${what} in: ${text.slice(Math.max(0, at - 120), at)}…`);
  }
  return [...found];
}

function pieces(secret) {
  const count = secret.length - PIECE_LENGTH + 1;
  return Array.from({ length: count }, (_, at) => secret.slice(at, at + PIECE_LENGTH));
}
