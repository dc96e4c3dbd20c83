// What makes the pages a little nicer. Every page works without it, except that copying is by hand.
"use strict";

// Times in the reader's own zone; the exact value stays in the title.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
function inOwnZone(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    time.textContent = format.format(new Date(time.dateTime));
    time.title = time.dateTime;
  }
}
inOwnZone(document);

// What changes by itself: the page is asked for again, and what is new in its live part takes the place of what was there. A part
// that somebody is using stays as it is; one that says it no longer changes is not asked for again.
function watch(region) {
  const pause = Number(region.dataset.live);
  const look = () => {
    if (document.hidden || (region.contains(document.activeElement) && document.activeElement !== region)) return again(pause);
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = 20_000;
    request.onload = () => {
      const fresh = request.status === 200 && request.response && request.response.getElementById(region.id);
      // Signed out, or a fault: whoever looks again by hand is told.
      if (!fresh) return again(10 * pause);
      inOwnZone(fresh);
      renew(region, fresh);
      if (fresh.dataset.live) again(Number(fresh.dataset.live));
    };
    request.onerror = request.ontimeout = () => again(10 * pause);
    request.send();
  };
  const again = (ms) => setTimeout(look, ms);
  again(pause);
}

// Children that are the same stay: what reads a page aloud hears only what is new.
function renew(old, fresh) {
  const kept = new Map();
  for (const child of old.children) if (child.id) kept.set(child.id, child);
  const wanted = [];
  for (const child of [...fresh.children]) {
    const known = kept.get(child.id);
    if (known && known.isEqualNode(child)) wanted.push(known);
    else if (known && "keep" in child.dataset) {
      renew(known, child);
      wanted.push(known);
    } else wanted.push(document.importNode(child, true));
  }
  if (wanted.length !== old.children.length || wanted.some((child, at) => child !== old.children[at])) {
    old.replaceChildren(...wanted);
  }
}
document.querySelectorAll("[data-live]").forEach(watch);

// A second click on the way would make its answer the one that is shown, and the first one's key was in the first one.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.once === "sent") {
      event.preventDefault();
      return;
    }
    form.dataset.once = "sent";
    // Whoever stopped the answer on its way may try again; the server knows a form that it has done.
    setTimeout(() => allowOnceMore(form), 10_000);
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}

function allowOnceMore(form) {
  form.dataset.once = "";
  for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
}

// A page that comes back from the browser's memory may send its form once more; the server knows whether it did.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-once]").forEach(allowOnceMore);
});

// Sets of scopes, without losing what was typed.
for (const chip of document.querySelectorAll("a[data-scopes]")) {
  chip.addEventListener("click", (event) => {
    event.preventDefault();
    const wanted = chip.dataset.scopes.split(" ");
    for (const box of document.querySelectorAll("input[name=scope]")) box.checked = wanted.includes(box.value);
  });
}

// Whoever chooses a date means it.
for (const input of document.querySelectorAll("input[data-checks]")) {
  input.addEventListener("input", () => {
    document.getElementById(input.dataset.checks).checked = true;
  });
}

// Copying, where the browser lets us.
if (navigator.clipboard) {
  const said = document.querySelector("[data-copied]");
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
        if (said) said.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => {
        button.textContent = words;
        if (said) said.textContent = "";
      }, 2000);
    });
  }
}

// A key's value is on one page, once. Going back or reloading shows the key's own page, and the browser's memory holds no value.
const secret = document.querySelector("[data-secret]");
if (secret) {
  history.replaceState(null, "", secret.dataset.secret);
  addEventListener("pagehide", () => secret.replaceChildren());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

// The account menu closes as menus do.
const account = document.querySelector("details.account");
if (account) {
  document.addEventListener("click", (event) => {
    if (!account.contains(event.target)) account.open = false;
  });
  account.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      account.open = false;
      account.querySelector("summary").focus();
    }
  });
}
