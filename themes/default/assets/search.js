/* The search over all pages, loaded when it is first asked for. The button that opens it has in its data attributes where
   the data is, the words of the page's language, and the style sheet. Data: see builder/emit/search.py; or Pagefind's. */

const RESULTS = 40;
const UNSPACED = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+/g;

/* The words of a text as they are searched; builder/emit/search.py does the same. */
function wordsOf(text) {
  const plain = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/ß/g, "ss");
  const made = [];
  for (const word of plain.match(/[\p{L}\p{N}]+/gu) || []) {
    let end = 0;
    for (const run of word.matchAll(UNSPACED)) {
      if (run.index > end) made.push(word.slice(end, run.index));
      const letters = Array.from(run[0]);
      if (letters.length < 2) made.push(run[0]);
      for (let i = 0; i + 1 < letters.length; i += 1) made.push(letters[i] + letters[i + 1]);
      end = run.index + run[0].length;
    }
    if (end < word.length) made.push(word.slice(end));
  }
  return made;
}

/* Data of our own. `find` gives {kind, title, url, where, description} for a question, the best first. */
class Index {
  constructor(start) {
    this.start = new URL(start, location.href);
    this.files = new Map();
  }

  load(name) {
    const url = new URL(name ? `assets/search/${name}.json` : this.start, this.start);
    if (!this.files.has(url.href)) {
      const asked = fetch(url).then((answer) => {
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        return answer.json();
      });
      asked.catch(() => this.files.delete(url.href));
      this.files.set(url.href, asked);
    }
    return this.files.get(url.href);
  }

  async find(text) {
    const words = wordsOf(text);
    if (!words.length) return [];
    const start = await this.load("");
    const rows = start.all ? await this.inRows(start.all, words) : await this.inParts(start, words);
    return rows.map(([kind, title, url, where, description]) => ({ kind: start.kinds[kind], title, url, where, description }));
  }

  async inRows(name, words) {
    const rows = await this.load(name);
    this.texts = this.texts || rows.map((row) => {
      const [query, inside] = row[5].split("\n");
      return [row[4], inside, query, row[1]].map((text) => wordsOf(text || ""));
    });
    const found = [];
    this.texts.forEach((texts, number) => {
      let score = 0;
      for (const word of words) {
        let best = 0;
        texts.forEach((text, weight) => {
          for (const own of text) if (own.startsWith(word)) best = Math.max(best, worth(weight, own, word));
        });
        if (!best) return;
        score += best;
      }
      found.push([score, number]);
    });
    found.sort((a, b) => b[0] - a[0] || rows[a[1]][0] - rows[b[1]][0] || a[1] - b[1]);
    return found.slice(0, RESULTS).map(([, number]) => rows[number]);
  }

  async inParts(start, words) {
    let scores;
    for (const word of words) {
      const fitting = Object.keys(start.words).filter((part) => part.startsWith(word) || word.startsWith(part));
      const parts = await Promise.all(fitting.slice(0, 8).map((part) => this.load(start.words[part])));
      const own = new Map();
      for (const part of parts) {
        for (const key of Object.keys(part)) {
          if (!key.startsWith(word)) continue;
          for (let i = 0; i < part[key].length; i += 2) {
            for (const code of part[key][i + 1].split(" ")) {
              const row = `${part[key][i]} ${code >> 2}`;
              own.set(row, Math.max(own.get(row) || 0, worth(code & 3, key, word)));
            }
          }
        }
      }
      const before = scores;
      scores = before ? new Map() : own;
      if (before) for (const [row, score] of own) if (before.has(row)) scores.set(row, score + before.get(row));
    }
    const best = Array.from(scores).sort((a, b) => b[1] - a[1]).slice(0, RESULTS);
    return Promise.all(best.map(async ([row]) => {
      const [unit, number] = row.split(" ").map(Number);
      const rows = await this.load(start.rows[unit][Math.floor(number / start.chunk)]);
      return rows[number % start.chunk];
    }));
  }
}

function worth(weight, own, word) {
  return [1, 2, 5, 8][weight] * (own === word ? 2 : 1);
}

/* Pagefind's data, under the same face. */
class Pagefind {
  constructor(start) { this.start = start; }
  async find(text) {
    this.library = this.library || await import(this.start);
    const found = await this.library.search(text);
    const data = await Promise.all(found.results.slice(0, 20).map((result) => result.data()));
    return data.map((page) => ({
      kind: page.meta.kind || "page", title: page.meta.title, url: page.url, where: page.meta.where || "",
      description: page.excerpt.replace(/<[^>]*>/g, ""),
    }));
  }
}

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/* A text with the words that were asked for marked. */
function marked(text, words) {
  const made = document.createDocumentFragment();
  for (const piece of text.split(/([\p{L}\p{N}\p{M}]+)/u)) {
    const own = wordsOf(piece);
    made.append(own.length && words.some((word) => own[0].startsWith(word)) ? make("mark", { textContent: piece }) : piece);
  }
  return made;
}

let opened;

function build(button) {
  const words = button.dataset;
  const data = words.kind === "pagefind" ? new Pagefind(words.start) : new Index(words.start);
  const input = make("input", { type: "search", autocomplete: "off", spellcheck: false, enterKeyHint: "search" });
  const label = make("label", {}, make("span", { textContent: words.title }), input);
  const close = make("button", { type: "button", className: "close", textContent: words.close });
  const status = make("p", { className: "state" });
  status.setAttribute("role", "status");
  const results = make("div", { className: "results" });
  const dialog = make("dialog", { className: "search" }, make("form", { method: "dialog" }, label, close), status, results);
  dialog.setAttribute("aria-label", words.title);
  let asked = 0;
  let waiting;

  async function search() {
    const number = (asked += 1);
    const text = input.value.trim();
    if (!text) {
      results.replaceChildren();
      status.textContent = "";
      return;
    }
    let found;
    try {
      found = await data.find(text);
    } catch (error) {
      if (number === asked) status.textContent = words.failed;
      return;
    }
    if (number !== asked) return;
    const asking = wordsOf(text);
    const groups = new Map();
    found.forEach((entry) => groups.set(entry.kind, [...(groups.get(entry.kind) || []), entry]));
    results.replaceChildren(...Array.from(groups, ([kind, entries]) => make("section", {},
      make("h2", { textContent: words[`kind${kind[0].toUpperCase()}${kind.slice(1)}`] || kind }),
      make("ul", {}, ...entries.map((entry) => {
        const link = make("a", { href: entry.url }, make("strong", {}, marked(entry.title, asking)));
        if (entry.where) link.append(make("span", { className: "where", textContent: entry.where }));
        if (entry.description) link.append(make("span", { className: "said" }, marked(entry.description, asking)));
        return make("li", {}, link);
      })))));
    status.textContent = found.length ? words.found.replace("{n}", found.length) : words.none.replace("{query}", text);
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 80);
  });
  dialog.addEventListener("keydown", (event) => {
    const links = Array.from(results.querySelectorAll("a"));
    const at = links.indexOf(document.activeElement);
    const keys = { ArrowDown: at + 1, ArrowUp: at - 1, Home: at < 0 ? -2 : 0, End: at < 0 ? -2 : links.length - 1 };
    if (event.key in keys && keys[event.key] > -2) {
      event.preventDefault();
      const goal = links[Math.min(keys[event.key], links.length - 1)];
      (goal || input).focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      dialog.close();
    } else if (event.key === "Enter" && document.activeElement === input) {
      event.preventDefault();
      if (links.length) links[0].click();
    } else if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      input.focus();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  close.addEventListener("click", () => dialog.close());
  results.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.pathname === location.pathname) dialog.close();
  });
  document.body.append(dialog);
  return { dialog, input };
}

/* Opens the search; the button is the one that asked for it. */
export async function open(button) {
  if (!opened) {
    opened = build(button);
    await new Promise((done) => {
      const sheet = make("link", { rel: "stylesheet", href: button.dataset.style });
      sheet.addEventListener("load", done);
      sheet.addEventListener("error", done);
      document.head.append(sheet);
    });
  }
  if (!opened.dialog.open) opened.dialog.showModal();
  opened.input.select();
}
