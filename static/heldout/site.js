// Extras only: every page works without this file.
"use strict";

// Times are written in UTC; where the reader's clock differs, the local time is added.
const YOUR_TIME = { de: "Ihrer Zeit" }[document.documentElement.lang] || "your time";

function addLocalTimes(root) {
  const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
  const hour = new Intl.DateTimeFormat(document.documentElement.lang, clock);
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", ...clock });
  for (const element of root.querySelectorAll("time[data-local]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime()) || moment.getTimezoneOffset() === 0) continue;
    const local = document.createElement("span");
    local.className = "muted small";
    const format = moment.getDate() === moment.getUTCDate() ? hour : day;
    local.textContent = ` (${format.format(moment)} ${YOUR_TIME})`;
    element.after(local);
    element.removeAttribute("data-local");
  }
}

// Something that changes on the server is asked for again and again: soon at first, then ever more
// slowly, and not while nobody looks at the page. What is unchanged costs the server a 304 answer.
// `news` is called with each answer that differs from the one before; false ends the asking.
function follow(url, { begin, soon, calm, slower, spread, news }) {
  let wait = soon;
  let tag = "";
  const later = () => {
    window.setTimeout(ask, wait * (1 + spread * (Math.random() - 0.5)));
    wait = Math.min(wait * slower, calm);
  };
  const ask = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", ask, { once: true });
      return;
    }
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(url, { headers, cache: "no-store" });
      if (answer.status === 404) return;
      if (answer.status === 200) {
        const first = !tag;
        tag = answer.headers.get("ETag") || "";
        wait = soon;
        if ((await news(answer, first)) === false) return;
      }
    } catch (error) {
      wait = calm;
    }
    later();
  };
  window.setTimeout(ask, begin);
}

// A submission's state, until it is final; then the page is loaded with its scores.
function followState(box) {
  const news = async (answer) => {
    box.innerHTML = await answer.text();
    addLocalTimes(box);
    const state = box.querySelector("[data-state]");
    if (!state || state.dataset.finished !== "yes") return true;
    window.location.reload();
    return false;
  };
  follow(box.dataset.follow, { begin: 1000, soon: 1000, calm: 15000, slower: 1.4, spread: 0, news });
}

// The board of an open round is loaded anew when another revision of it is shown to everybody.
// What is asked for is one number, made once for all who watch; pages ask and load the board at
// different moments, and leave it alone while somebody is inside it or selects text.
function followBoard(board) {
  const load = async () => {
    const answer = await fetch(window.location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (!fresh) return;
    if (board.contains(document.activeElement) || !window.getSelection().isCollapsed) {
      window.setTimeout(load, 10000);
      return;
    }
    board.innerHTML = fresh.innerHTML;
    addLocalTimes(board);
  };
  const news = (answer, first) => {
    if (!first) window.setTimeout(load, Math.random() * 4000);
  };
  follow(board.dataset.live, { begin: 0, soon: 5000, calm: 60000, slower: 1.3, spread: 0.5, news });
}

// Say that a file is too large before it is sent.
function checkFileSize(input) {
  input.addEventListener("change", () => {
    const file = input.files[0];
    const limit = Number(input.dataset.limit);
    const tooLarge = file && limit && file.size > limit;
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    if (tooLarge) input.reportValidity();
  });
}

// A long list to tick can be narrowed by words; what is ticked always stays in sight.
function filterChoices(input) {
  const rows = [...input.parentElement.querySelectorAll(".choices > li")];
  if (rows.length < 8) return;
  input.hidden = false;
  const narrow = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !row.querySelector("input").checked && !words.every((w) => text.includes(w));
    }
  };
  input.addEventListener("input", narrow);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

addLocalTimes(document);
document.querySelectorAll("[data-follow]").forEach(followState);
document.querySelectorAll("[data-live]").forEach(followBoard);
document.querySelectorAll("input[type=file][data-limit]").forEach(checkFileSize);
document.querySelectorAll("input[data-filter]").forEach(filterChoices);
