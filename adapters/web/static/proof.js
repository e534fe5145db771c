// Checks a ticket's proof in the browser, with nothing but WebCrypto: entry → leaf → root → signed checkpoint (RFC 6962, C2SP
// tlog-proof and signed-note). It trusts no answer of the server: whatever does not hold is told as INVALID, and what cannot be
// checked here as not checked, never as valid.
// The page does not wait for it: nobody checks a proof before there is something to read.
"use strict";
const checkProofs = () => {
  const place = document.getElementById("checking");
  if (!place) return;
  const words = JSON.parse(place.dataset.words);
  const button = document.getElementById("check"), checked = document.getElementById("checked");
  const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });
  const say = (text, values = {}) => words[text].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const bytes = (base64) => Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
  const base64 = (raw) => btoa(String.fromCharCode(...raw));
  const hex = (raw) => Array.from(raw, (it) => it.toString(16).padStart(2, "0")).join("");
  const same = (one, other) => one.length === other.length && one.every((it, n) => it === other[n]);
  const joined = (...parts) => Uint8Array.from(parts.flatMap((it) => Array.from(it)));
  const sha256 = async (raw) => new Uint8Array(await crypto.subtle.digest("SHA-256", raw));

  // What is read --------------------------------------------------------------------------------------------------

  function keyOf(text) {
    const [name, id, ...rest] = text.trim().split("+");
    const raw = bytes(rest.join("+"));
    if (raw.length !== 33 || raw[0] !== 1) throw new Error(words.key);
    return { name, id, raw, public: raw.slice(1) };
  }

  function noteOf(text) {
    const end = text.lastIndexOf("\n\n");
    if (end < 0) throw new Error(words.note);
    const body = text.slice(0, end + 1);
    const signatures = text.slice(end + 2).trim().split("\n").map((line) => {
      const [dash, name, signed] = line.split(" ");
      if (dash !== "—") throw new Error(words.note);
      const raw = bytes(signed);
      return { name, id: hex(raw.slice(0, 4)), signed: raw.slice(4) };
    });
    const [origin, size, root, rest] = body.split("\n");
    if (rest !== "") throw new Error(words.note);
    return { body, signatures, origin, size: Number(size), root: bytes(root) };
  }

  function proofOf(text) {
    const end = text.indexOf("\n\n");
    const [heading, index, ...path] = text.slice(0, end).split("\n");
    if (heading !== "c2sp.org/tlog-proof@v1" || !/^index \d+$/.test(index)) throw new Error(words.proof);
    return { index: Number(index.slice(6)), path: path.map(bytes), note: text.slice(end + 2) };
  }

  function leafOf(raw) {
    const [form, position, stream, version, ...rest] = decoder.decode(raw).split("\n");
    if (form !== "bitacora-leaf/1") throw new Error(words.leaf);
    return { position: Number(position), stream, version: Number(version), stored: JSON.parse(rest.join("\n")) };
  }

  // What is checked -----------------------------------------------------------------------------------------------

  async function isSigned(note, key) {
    const id = hex((await sha256(joined(encoder.encode(key.name + "\n"), key.raw))).slice(0, 4));
    const own = note.signatures.filter((it) => it.name === key.name && it.id === id);
    if (id !== key.id || note.origin !== key.name || !own.length) return false;
    const imported = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]);
    const answers = await Promise.all(own.map((it) => crypto.subtle.verify("Ed25519", imported, it.signed, encoder.encode(note.body))));
    return answers.every(Boolean);
  }

  // The way from a leaf to the root (RFC 9162, 2.1.3.2): every step with the sibling that was joined, and on which side.
  async function climbed(leaf, index, size, path) {
    let place = index, last = size - 1, hash = leaf;
    const steps = [];
    if (!(index < size)) return { steps, root: null };
    for (const sibling of path) {
      if (last === 0) return { steps, root: null };
      const isRight = place % 2 === 1 || place === last;
      hash = await sha256(isRight ? joined([1], sibling, hash) : joined([1], hash, sibling));
      steps.push({ sibling, isRight, hash });
      if (isRight) while (place % 2 === 0 && place) { place = Math.floor(place / 2); last = Math.floor(last / 2); }
      place = Math.floor(place / 2); last = Math.floor(last / 2);
    }
    return { steps, root: last === 0 ? hash : null };
  }

  const isSealed = (it) => typeof it === "string" && it.startsWith("sealed1.");

  // Whether what the page shows is what was signed; a sealed text stands for whatever is shown in its place.
  function agrees(shown, signed) {
    if (isSealed(signed)) return typeof shown === "string";
    if (typeof signed !== "object" || signed === null) return shown === signed;
    if (typeof shown !== "object" || shown === null || Array.isArray(shown) !== Array.isArray(signed)) return false;
    const names = Object.keys(signed);
    return names.length === Object.keys(shown).length && names.every((it) => it in shown && agrees(shown[it], signed[it]));
  }

  function shownAt(position) {
    const found = document.querySelector(`pre.raw[data-position="${position}"]`);
    return found ? JSON.parse(found.textContent) : null;
  }

  async function checkEntry(entry, note) {
    const proof = proofOf(entry.proof);
    const lines = [];
    const hash = await sha256(joined([0], entry.raw));
    lines.push([true, say("hashed", { count: entry.raw.length, hash: hex(hash) })]);
    const { steps, root } = await climbed(hash, proof.index, note.size, proof.path);
    for (const it of steps) lines.push([true, say(it.isRight ? "right" : "left", { sibling: hex(it.sibling), hash: hex(it.hash) })]);
    const isRoot = root !== null && same(root, note.root);
    lines.push([isRoot, isRoot ? words.root : words.otherRoot]);
    let position = null, problem = null;
    try {
      const leaf = leafOf(entry.raw);
      position = leaf.position;
      const { event, ...ledgers } = leaf.stored;
      const isPlace = leaf.position === proof.index + 1 && leaf.stream === `ticket:${place.dataset.ticket}` && leaf.version === entry.version;
      lines.push([isPlace, isPlace ? say("place", leaf) : words.otherPlace]);
      const shown = shownAt(leaf.position);
      if (shown !== null) {
        const isShown = agrees(shown, { ...event, position: leaf.position, stream: leaf.stream, version: leaf.version, ...ledgers });
        lines.push([isShown, isShown ? words.shown : words.otherShown]);
      }
    } catch (error) { problem = words.leaf; }
    if (problem) lines.push([false, problem]);
    return { holds: lines.every(([good]) => good), lines, position: position ?? entry.position };
  }

  async function checkNote(texts) {
    const lines = [];
    const note = noteOf(texts[0]);
    const key = keyOf(document.getElementById("vkey").value);
    const isOne = texts.every((it) => it === texts[0]);
    lines.push([isOne, isOne ? say("size", { size: note.size, root: base64(note.root) }) : words.otherNote]);
    const signed = await isSigned(note, key);
    lines.push([signed, say(signed ? "signed" : "otherKey", { name: key.name, id: key.id })]);
    const held = document.getElementById("held").value.trim();
    if (held) {
      const mine = noteOf(held.replace(/\r/g, "") + "\n");
      if (mine.size !== note.size) lines.push([null, say("otherSize", { held: mine.size, size: note.size })]);
      else {
        const isSame = same(mine.root, note.root) && await isSigned(mine, key);
        lines.push([isSame, isSame ? words.held : words.otherHeld]);
      }
    }
    return { holds: lines.every(([good]) => good !== false), lines, note };
  }

  // What is shown -------------------------------------------------------------------------------------------------

  function made(name, text, kind) {
    const it = document.createElement(name);
    if (text !== undefined) it.textContent = text;
    if (kind) it.className = kind;
    return it;
  }

  function list(lines) {
    const found = made("ol");
    for (const [good, text] of lines) found.append(made("li", `${good === null ? "·" : good ? "✓" : "✕"} ${text}`, good === false ? "wrong" : ""));
    return found;
  }

  function entryShown(entry, result, again) {
    const box = made("details");
    const summary = made("summary", `${result.holds ? "✓" : "✕"} ${say("entry", { position: result.position })}`);
    const label = made("label", words.edit);
    const area = made("textarea");
    area.rows = 6;
    area.value = decoder.decode(entry.raw);
    area.id = `leaf-${entry.position}`;
    label.htmlFor = area.id;
    area.addEventListener("input", () => { entry.raw = encoder.encode(area.value); again(); });
    const lines = made("div");
    lines.append(list(result.lines));
    box.append(summary, lines, label, area);
    box.show = (found) => {
      summary.textContent = `${found.holds ? "✓" : "✕"} ${say("entry", { position: found.position })}`;
      lines.replaceChildren(list(found.lines));
    };
    return box;
  }

  function answerOf(isValid, count, note) {
    return isValid ? say("valid", { count, size: note.size }) : words.invalid;
  }

  async function check() {
    checked.replaceChildren(made("p", words.checking));
    const notChecked = (why) => checked.replaceChildren(made("p", `${words.notChecked}: ${why}`, "answer"));
    if (!globalThis.crypto?.subtle) return notChecked(words.insecure);
    const answer = await fetch(place.dataset.source).catch(() => null);
    if (!answer?.ok) return notChecked(words.unreachable);
    const invalid = (why) => checked.replaceChildren(made("p", words.invalid, "answer invalid"), made("p", why, "problem"));
    try {
      const { entries } = await answer.json();
      if (!document.getElementById("vkey").value.trim()) return notChecked(words.noKey);
      if (!entries.length) return notChecked(words.uncovered);
      for (const it of entries) it.raw = bytes(it.leaf);
      const found = await checkNote(entries.map((it) => proofOf(it.proof).note));
      const isWhole = entries.every((it, n) => it.version === n + 1);
      const outline = [...found.lines, [isWhole, isWhole ? say("versions", { count: entries.length }) : words.missing]];
      const covered = new Set(entries.map((it) => it.position));
      const later = Array.from(document.querySelectorAll("pre.raw"), (it) => Number(it.dataset.position)).filter((it) => !covered.has(it));
      const lost = later.filter((it) => it <= found.note.size);
      if (lost.length) outline.push([false, say("lost", { positions: lost.join(", ") })]);
      const after = later.filter((it) => it > found.note.size);
      if (after.length) outline.push([null, say("later", { positions: after.join(", ") })]);
      const results = await Promise.all(entries.map((it) => checkEntry(it, found.note)));
      const told = made("p", "", "answer");
      const conclude = () => {
        const isValid = outline.every(([good]) => good !== false) && results.every((it) => it.holds) && entries.length > 0;
        told.textContent = answerOf(isValid, entries.length, found.note);
        told.classList.toggle("invalid", !isValid);
      };
      const boxes = entries.map((it, n) => entryShown(it, results[n], async () => {
        results[n] = await checkEntry(it, found.note);
        boxes[n].show(results[n]);
        conclude();
      }));
      conclude();
      checked.replaceChildren(told, list(outline), ...boxes, made("p", words.limits, "quiet"));
    } catch (error) {
      if (error.name === "NotSupportedError") return notChecked(words.unsupported);
      invalid(error.message);
    }
  }

  button.hidden = false;
  button.addEventListener("click", check);
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", checkProofs);
else checkProofs();
