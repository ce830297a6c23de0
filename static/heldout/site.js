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

// A submission's state is asked for until it is final: soon at first, then ever more slowly,
// and not while the page is hidden. An unchanged state costs the server a 304 answer.
function followState(box) {
  let wait = 1000;
  let tag = "";
  const again = () => {
    wait = Math.min(wait * 1.4, 15000);
    window.setTimeout(ask, wait);
  };
  const ask = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", ask, { once: true });
      return;
    }
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(box.dataset.follow, { headers, cache: "no-store" });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") || "";
        box.innerHTML = await answer.text();
        addLocalTimes(box);
        const state = box.querySelector("[data-state]");
        if (state && state.dataset.finished === "yes") {
          window.location.reload();
          return;
        }
        wait = 1000;
      }
    } catch (error) {
      wait = 15000;
    }
    again();
  };
  window.setTimeout(ask, wait);
}

// The board of an open round is loaded anew when another revision of it is shown to everybody.
// What is asked again and again is one number, made once for all who watch; pages load the board
// at different moments, and a page that nobody looks at asks for nothing.
function followBoard(board) {
  const calm = 60000;
  let wait = 5000;
  let tag = "";
  const later = () => {
    window.setTimeout(ask, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 1.3, calm);
  };
  const load = async () => {
    const answer = await fetch(window.location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    const inside = board.contains(document.activeElement);
    if (!fresh) return;
    if (inside || !window.getSelection().isCollapsed) {
      window.setTimeout(load, 10000);
      return;
    }
    board.innerHTML = fresh.innerHTML;
    addLocalTimes(board);
  };
  const ask = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", ask, { once: true });
      return;
    }
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(board.dataset.live, { headers, cache: "no-store" });
      if (answer.status === 404) return;
      if (answer.status === 200) {
        const before = tag;
        tag = answer.headers.get("ETag") || "";
        if (before) {
          wait = 5000;
          window.setTimeout(load, Math.random() * 4000);
        }
      }
    } catch (error) {
      wait = calm;
    }
    later();
  };
  ask();
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
