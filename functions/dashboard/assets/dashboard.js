// What makes the pages a little nicer. Every page works without it, except that copying is by hand.
"use strict";

// Times in the reader's own zone; the exact value stays in the title.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  time.textContent = format.format(new Date(time.dateTime));
  time.title = time.dateTime;
}

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
