// Replays a ticket as its sliders are dragged: asks the server for the page of that question, and puts its parts in the place of
// those shown. The address is always that of what is shown. Without this script the form does the same by a whole page.
"use strict";
(() => {
  const form = document.getElementById("ask");
  if (!form) return;
  const at = document.getElementById("at"), atSlider = document.getElementById("at-slider");
  const known = document.getElementById("known_at"), knownSlider = document.getElementById("known-slider");
  const told = document.getElementById("told");
  const PAUSE_MS = 90;
  let asking = null, pause = 0;

  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: form.dataset.zone, dateStyle: "short", timeStyle: "short" });
  const isNow = () => Number(atSlider.value) >= Number(atSlider.max);

  function address() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
    const text = query.toString().replaceAll("%3A", ":").replaceAll("%3D", "=");
    return form.getAttribute("action") + (text ? "?" + text : "");
  }

  function say(text, isProblem) {
    told.textContent = text;
    told.classList.toggle("problem", Boolean(isProblem));
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const here = address();
    document.body.classList.add("waiting");
    try {
      const answer = await fetch(here + (here.includes("?") ? "&" : "?") + "part=yes", { signal: asking.signal, headers: { Accept: "text/html" } });
      if (answer.redirected) { location.assign(here); return; }
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) { say(found.querySelector(".problem")?.textContent ?? answer.statusText, true); return; }
      for (const part of found.querySelectorAll("[data-part]")) {
        document.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceWith(document.adoptNode(part));
      }
      history.replaceState(null, "", here);
      for (const it of document.querySelectorAll(".languages a")) it.href = `${here}${here.includes("?") ? "&" : "?"}lang=${it.lang}`;
      say(document.querySelector('[data-part="figures"]').dataset.told);
    } catch (error) {
      if (error.name !== "AbortError") say(String(error.message), true);
      return;
    } finally {
      if (!asking.signal.aborted) document.body.classList.remove("waiting");
    }
  }

  function soon() {
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE_MS);
  }

  function placeAt() {
    const moment = new Date(Number(atSlider.value) * 60000);
    at.value = isNow() ? "" : moment.toISOString().replace(".000Z", "Z");
    atSlider.setAttribute("aria-valuetext", isNow() ? at.placeholder : shown.format(moment));
  }

  function placeKnown() {
    known.selectedIndex = Number(knownSlider.value);
    knownSlider.setAttribute("aria-valuetext", known.options[known.selectedIndex].textContent);
  }

  atSlider.addEventListener("input", () => { placeAt(); soon(); });
  knownSlider.addEventListener("input", () => { placeKnown(); soon(); });
  known.addEventListener("change", () => { knownSlider.value = known.selectedIndex; placeKnown(); soon(); });
  at.addEventListener("change", () => {
    const moment = Date.parse(at.value);
    atSlider.value = Number.isNaN(moment) ? atSlider.max : Math.floor(moment / 60000);
    soon();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-asks]")) soon(); });

  for (const it of [atSlider, knownSlider]) it.hidden = false;
  knownSlider.setAttribute("aria-valuetext", known.options[known.selectedIndex].textContent);
  atSlider.setAttribute("aria-valuetext", isNow() ? at.placeholder : shown.format(new Date(Number(atSlider.value) * 60000)));
  document.documentElement.dataset.ready = "yes";
})();
