// An organization as one finds it after a year: keys in every state, people who came and left, requests that were refused.

import { call, Organization } from "./people.js";
import * as store from "./store.js";

const DAY_MS = 86_400_000;
let furnished = 0;

/** Names as they come, and as they come at their longest. */
export const PLAIN = {
  org: "Northwind Logistics",
  host: "northwind.example",
  people: ["ines", "jonas", "tom", "mira"],
  keys: [
    "Warehouse app, prototype",
    "Old ERP export",
    "Partner portal",
    "Nightly batches",
    "CI of the web shop",
    "Triage bridge",
    "Order intake",
  ],
};
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
export const LONGEST = {
  org: `${LONG} mbH & Co. KGaA, Niederlassung Süd`,
  host: "a-host-with-a-name-that-nobody-would-want-to-type.corporate.subsidiary.example",
  people: ["o".repeat(60), "a".repeat(60), "t".repeat(60), "m".repeat(60)],
  keys: PLAIN.keys.map((name) => `${name} ${LONG}`.slice(0, 100).trim()),
};

/**
 * @typedef {object} Furnished
 * @property {Organization} org
 * @property {import("./people.js").Person} owner signed in
 * @property {import("./people.js").Person} member signed in
 * @property {Record<"orphan" | "expired" | "revoked" | "soon" | "test" | "rolled" | "active", string>} ids of keys by their state
 */

/** Furnishes one. @returns {Promise<Furnished>} */
export async function furnish({ org: name, host, people, keys } = PLAIN) {
  const org = await Organization.make(name);
  // Whoever is a member of two organizations signs in to the first.
  const own = (furnished += 1) === 1 ? host : `${furnished}.${host}`;
  const address = (person) => `${person}@${own}`;
  const [owner, admin, leaver] = await Promise.all([
    org.add("owner", address(people[0])),
    org.add("admin", address(people[1])),
    org.add("admin", address(people[2])),
  ]);
  const member = await org.add("member", address(people[3]));
  for (const person of [leaver, owner, admin, member]) await person.signIn();
  const [orphan, expired, revoked, soon, test, rolled, active] = keys;
  const made = {
    orphan: await leaver.makeKey(orphan, { life: "never" }),
    expired: await owner.makeKey(expired, { life: "365", scope: ["agents:read", "batch:read"] }),
    revoked: await admin.makeKey(revoked, { scope: ["webhooks:read", "webhooks:write"] }),
    soon: await admin.makeKey(soon, { scope: ["batch:read", "batch:run"] }),
    test: await admin.makeKey(test, { mode: "test", life: "365" }),
    rolled: await owner.makeKey(rolled, { scope: ["triage:read", "triage:write"] }),
    active: await owner.makeKey(active, { life: "365" }),
  };
  const ids = Object.fromEntries(Object.entries(made).map(([state, { key_id: id }]) => [state, id]));
  await live({ org, owner, admin, made, ids });
  await org.remove(leaver.email);
  return { org, owner, member, ids };
}

/** Lets a year go by: keys are used, rolled, revoked, and end. */
async function live({ org, owner, admin, made, ids }) {
  for (const state of ["orphan", "revoked", "test", "rolled", "active"]) await call(made[state].key);
  await call(made.expired.key, "/v1/runs/01900000-0000-7000-8000-000000000000");
  await owner.post(
    `/settings/api-keys/${ids.revoked}/revoke`,
    await owner.open(`/settings/api-keys/${ids.revoked}/revoke`),
  );
  const form = await owner.open(`/settings/api-keys/${ids.rolled}/roll`);
  await owner.post(`/settings/api-keys/${ids.rolled}/roll`, { ...form, grace: String(7 * DAY_MS) });
  const now = Date.now();
  const ago = (days) => now - Math.round(days * DAY_MS);
  await store.setKey(org.id, ids.orphan, { created_at: ago(301), last_used_at: ago(88.4) });
  await store.setKey(org.id, ids.expired, { created_at: ago(377), expires_at: ago(12.2), last_used_at: ago(12.9) });
  await store.setKey(org.id, ids.revoked, {
    created_at: ago(70.3),
    expires_at: ago(-19.7),
    revoked_at: ago(20.1),
    last_used_at: ago(20.6),
  });
  await store.setKey(org.id, ids.soon, { created_at: ago(83.6), expires_at: ago(-6.4), last_used_at: ago(0.31) });
  await store.setKey(org.id, ids.test, { created_at: ago(62.2), expires_at: ago(-302.8), last_used_at: ago(0.02) });
  await store.setKey(org.id, ids.rolled, { created_at: ago(45.5), last_used_at: ago(0.4) });
  await store.setKey(org.id, ids.active, { created_at: ago(21.7), expires_at: ago(-343.3), last_used_at: ago(0.001) });
  for (const state of ["revoked", "expired"]) await call(made[state].key);
  await store.letWork(org.id, ids.active);
  await admin.look("/settings/api-keys");
}
