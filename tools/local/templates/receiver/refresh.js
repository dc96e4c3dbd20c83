// Loads the page anew when something has arrived, but never from under somebody who reads: what is opened or selected stays.
"use strict";

const EVERY_MS = 2000;
const shown = document.body.dataset.changes;
const news = document.getElementById("news");

async function look() {
  const answer = await fetch("/changes");
  if (!answer.ok || (await answer.text()) === shown) return;
  if (!document.querySelector("details[open]") && getSelection().isCollapsed) location.reload();
  // Once: a screen reader would read it out again every time.
  else if (!news.textContent) news.textContent = "Something new is here. It is shown when all is closed, or by a reload.";
}

// Whoever cannot be asked has ended; the next one tells by its first word that it is another.
setInterval(() => look().catch(() => {}), EVERY_MS);
