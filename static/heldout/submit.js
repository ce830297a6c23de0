// Sends the prediction file as soon as it is chosen, in pieces that go on after a cut, and shows
// what was understood of it. Without this file the form sends everything at once.
"use strict";

const PIECE_BYTES = 4 * 2 ** 20;
const HASHED_BYTES = 64 * 2 ** 20; // a digest in the browser needs the file in memory
const MOST_TRIES = 8;

class Refused extends Error {}

function sending(form) {
  const input = form.querySelector("input[type=file]");
  const code = form.querySelector("input[name=upload]");
  const box = form.querySelector("[data-upload]");
  const bar = box.querySelector("progress");
  const line = box.querySelector("[data-line]");
  const found = box.querySelector("[data-found]");
  const words = box.dataset;
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let current = 0; // number of the file being sent: an older one stops
  let waiting = false; // the person pressed the button meanwhile

  const headers = (more) => ({ "Tus-Resumable": "1.0.0", "X-CSRFToken": token, ...more });
  const say = (text) => { line.textContent = text; };
  const team = () => form.querySelector("[name=team]").value;
  const kind = () => new FormData(form).get("entry_kind") || "";
  const memory = (file) =>
    ["heldout-upload", words.round, team(), kind(), file.name, file.size, file.lastModified].join("|");

  const base64 = (text) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  async function refusal(answer) {
    const body = await answer.json().catch(() => ({}));
    return new Refused(body.message || `${words.failed} (${answer.status})`);
  }

  async function digest(file) {
    if (!window.crypto?.subtle || file.size > HASHED_BYTES) return "";
    const sum = await window.crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function begin(file) {
    const said = { round: words.round, filename: file.name, team: words[`team${team()}`] };
    said.entry_kind = kind();
    const sum = await digest(file);
    if (sum) said.sha256 = sum;
    const answer = await fetch(words.uploads, {
      method: "POST",
      headers: headers({
        "Upload-Length": String(file.size),
        "Upload-Metadata": Object.entries(said)
          .filter(([, value]) => value)
          .map(([name, value]) => `${name} ${base64(value)}`)
          .join(","),
      }),
    });
    if (answer.status !== 201) throw await refusal(answer);
    return answer.headers.get("Location");
  }

  async function offset(url) {
    const answer = await fetch(url, { method: "HEAD", headers: headers(), cache: "no-store" });
    if (!answer.ok) return -1;
    return Number(answer.headers.get("Upload-Offset"));
  }

  async function place(file) {
    const known = localStorage.getItem(memory(file));
    const at = known ? await offset(known) : -1;
    if (at >= 0) return [known, at];
    const url = await begin(file);
    localStorage.setItem(memory(file), url);
    return [url, 0];
  }

  async function piece(url, file, at) {
    const answer = await fetch(url, {
      method: "PATCH",
      headers: headers({
        "Upload-Offset": String(at),
        "Content-Type": "application/offset+octet-stream",
      }),
      body: file.slice(at, at + PIECE_BYTES),
    });
    if (answer.status === 204) return Number(answer.headers.get("Upload-Offset"));
    if (answer.status < 500 && ![409, 423, 429].includes(answer.status)) throw await refusal(answer);
    throw new Error(String(answer.status)); // worth another try
  }

  const pause = (tries) => new Promise((done) => setTimeout(done, Math.min(500 * 2 ** tries, 15000)));

  async function send(file, number) {
    let tries = 0;
    let [url, at] = await place(file);
    while (at < file.size && number === current) {
      bar.value = at / file.size;
      say(`${words.sending} ${Math.round((100 * at) / file.size)} %`);
      try {
        at = await piece(url, file, at);
        tries = 0;
      } catch (error) {
        if (error instanceof Refused || (tries += 1) > MOST_TRIES) throw error;
        say(words.again);
        await pause(tries);
        const known = await offset(url).catch(() => at);
        if (known < 0) [url, at] = await place(file);
        else at = known;
      }
    }
    return url;
  }

  async function look(url) {
    bar.removeAttribute("value");
    say(words.checking);
    const name = url.replace(/\/$/, "").split("/").pop();
    const answer = await fetch(words.check, {
      method: "POST",
      headers: { "X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        upload: name,
        track: form.querySelector("[name=track]")?.value || "",
      }),
    });
    if (!answer.ok) throw await refusal(answer);
    found.innerHTML = await answer.text();
    return found.querySelector("[data-fits]") ? name : "";
  }

  async function start() {
    const file = input.files[0];
    const number = (current += 1);
    code.value = "";
    found.textContent = "";
    box.hidden = !file;
    if (!file || !input.validity.valid) return;
    bar.hidden = false;
    try {
      const url = await send(file, number);
      if (number !== current) return;
      const name = await look(url);
      if (number !== current) return;
      code.value = name;
      say("");
      if (!name) localStorage.removeItem(memory(file));
      if (waiting && name) form.requestSubmit();
    } catch (error) {
      if (number === current) say(error instanceof Refused ? error.message : words.cut);
    }
    if (number === current) {
      bar.hidden = true;
      waiting = false;
    }
  }

  function dropped(event) {
    event.preventDefault();
    box.parentElement.classList.remove("is-over");
    if (event.type !== "drop" || !event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  input.addEventListener("change", start);
  form.querySelector("[name=team]").addEventListener("change", start);
  // What is taken depends on it: whoever made the targets hands in baselines only.
  form.querySelectorAll("[name=entry_kind]").forEach((each) => each.addEventListener("change", start));
  form.addEventListener("submit", (event) => {
    if (code.value) {
      input.disabled = true; // the server has the file
    } else if (!bar.hidden && input.files.length && !box.hidden) {
      event.preventDefault();
      waiting = true;
      say(words.waiting);
    }
  });
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      box.parentElement.classList.add("is-over");
    });
  }
  form.addEventListener("dragleave", dropped);
  form.addEventListener("drop", dropped);
}

const submitForm = document.querySelector("form[data-resumable]");
if (submitForm) sending(submitForm);
