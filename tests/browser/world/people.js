// Organizations and their people. A person here is a browser by hand: a cookie, pages read as text, forms sent as bytes.

import assert from "node:assert/strict";
import { rememberKey, remember } from "./secrets.js";
import { admin, api, dashboard, settings } from "./server.js";
import { encode, hidden, send } from "./wire.js";

/** The session's cookie where there is no TLS. */
export const SESSION = "eclips_session";
/** What a browser calls itself, for the audit log. */
const AGENT = "tests by hand";

let made = 0;

/** An organization of a test's own. */
export class Organization {
  /** @param {string} id @param {string} name */
  constructor(id, name) {
    this.id = id;
    this.name = name;
  }

  /** Makes one, without members. */
  static async make(name = `Organization ${(made += 1)}`, plan = "growth") {
    const { org_id: id } = await admin("org", "create", "--name", name, "--plan", plan);
    return new Organization(id, name);
  }

  /**
   * Makes somebody a member, or gives a member another role.
   * @param {"owner" | "admin" | "member"} role
   * @param {string} [email]
   */
  async add(role, email = `${role}-${(made += 1)}@people.example`) {
    await admin("member", "add", "--org", this.id, "--email", email, "--role", role);
    return new Person(email, this);
  }

  /** Ends a membership. */
  async remove(email) {
    await admin("member", "remove", "--org", this.id, "--email", email);
  }

  /** Makes a key as the operator does. @param {...string} options @returns {Promise<{ key: string, key_id: string }>} */
  async makeKey(name, ...options) {
    const scopes = options.includes("--scopes") ? [] : ["--scopes", "agents:read,agents:run"];
    const key = await admin("key", "create", "--org", this.id, "--name", name, ...scopes, ...options);
    rememberKey(key.key);
    return key;
  }
}

/** Somebody with an address, and a session once he signed in. */
export class Person {
  /** @param {string} email @param {Organization} org */
  constructor(email, org) {
    this.email = email;
    this.org = org;
    /** The session's cookie, or nothing. */
    this.cookie = "";
    this.agent = AGENT;
  }

  /** Signs in. @returns {Promise<this>} */
  async signIn(to = "/") {
    const answer = await send("GET", await this.callbackUrl(to), { headers: this.headers(this.attempt) });
    assert.equal(answer.status, 303, answer.body);
    this.cookie = remember("session cookie", answer.cookies[SESSION]);
    return this;
  }

  /** Goes to the provider and proves who he is there, up to where the provider sends him back to. */
  async callbackUrl(to = "/") {
    const start = await send("GET", dashboard(`/sign-in/start?${encode({ to })}`), { headers: this.headers() });
    assert.equal(start.status, 303, start.body);
    /** The cookie of the sign-in under way. */
    this.attempt = Object.entries(start.cookies).map(([name, value]) => `${name}=${value}`)[0];
    const page = await send("GET", start.location);
    const fields = { ...hidden(page.body), email: this.email, password: settings.ECLIPS_DASHBOARD_PASSWORD };
    const answer = await send("POST", `${settings.ECLIPS_OIDC_ISSUER}/authorize`, {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: encode(fields),
    });
    assert.equal(answer.status, 303, answer.body);
    return answer.location;
  }

  /** What his browser sends with everything. */
  headers(...cookies) {
    const session = this.cookie && `${SESSION}=${this.cookie}`;
    const jar = [session, ...cookies].filter(Boolean).join("; ");
    return { "user-agent": this.agent, ...(jar && { cookie: jar }) };
  }

  /** Looks at a page. */
  look(path, headers = {}) {
    return send("GET", dashboard(path), { headers: { ...this.headers(), ...headers } });
  }

  /** Opens a page with a form. @returns {Promise<Record<string, string>>} what its hidden fields hold */
  async open(path) {
    const page = await this.look(path);
    assert.equal(page.status, 200, `${path}: ${page.body}`);
    return hidden(page.body);
  }

  /** What forms of his session carry; on every page, whatever the role. */
  async formToken() {
    return remember("form token", (await this.open("/settings/audit-log")).form_token);
  }

  /**
   * Sends a form as our own page would, but for what `headers` changes; one that is `undefined` is left out.
   * @param {Parameters<typeof encode>[0]} fields
   */
  post(path, fields, headers = {}) {
    const all = {
      ...this.headers(),
      origin: dashboard(),
      "content-type": "application/x-www-form-urlencoded",
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return send("POST", dashboard(path), { headers: sent, body: encode(fields) });
  }

  /** Fills in the form for a new key, but does not send it. @returns {Promise<Record<string, string | string[]>>} */
  async keyForm(name, fields = {}) {
    const own = await this.open("/settings/api-keys/new");
    return { ...own, name, mode: "live", scope: ["agents:read", "agents:run"], life: "90", date: "", ...fields };
  }

  /** Makes a key. @returns {Promise<{ key: string, key_id: string }>} */
  async makeKey(name, fields = {}) {
    const answer = await this.post("/settings/api-keys", await this.keyForm(name, fields));
    assert.equal(answer.status, 201, answer.body);
    return keyIn(answer.body);
  }
}

/** The key that a page shows, and its id. */
export function keyIn(html) {
  const [, key] = /<code id="value"[^>]*>([^<]+)<\/code>/.exec(html) ?? assert.fail("the page shows no key");
  const [, id] = /data-secret="\/settings\/api-keys\/([^"]+)"/.exec(html);
  return { key: rememberKey(key), key_id: id };
}

/** Calls the API with a key. */
export function call(key, path = "/v1/runs?limit=1") {
  return send("GET", api(path), { headers: { authorization: `Bearer ${key}` } });
}
