// The preview's client: reloads the page when it changed, swaps stylesheets, shows what is wrong with the build, and a
// bar that tells what the page is. It exists in previews alone. Everything that it shows is set as text, never as HTML,
// inside a shadow root outside of the body, so that neither the theme's styles nor its scripts meet it.
(() => {
  "use strict";
  const own = document.currentScript;
  if (!own || window.top !== window.self) return;
  const data = own.dataset;
  const shown = { version: data.version, rest: data.rest, generation: Number(data.generation) };
  const SCROLL = "topicsite-scroll";
  const HIDDEN = "topicsite-bar-hidden";
  let socket = null;
  let wait = 250;
  let leaving = false;
  let connected = false;

  // What the page loads, as paths of this host

  const pathOf = (address) => {
    try {
      const url = new URL(address, document.baseURI);
      return url.host === location.host ? url.pathname : "";
    } catch {
      return "";
    }
  };
  const going = new WeakSet(); // stylesheets that a newer one replaces, until it is there
  const replaced = new Set();
  const sheets = () => [...document.querySelectorAll('link[rel~="stylesheet" i][href]')].filter((e) => !going.has(e));
  const loads = () => {
    const found = new Set(performance.getEntriesByType("resource").map((entry) => pathOf(entry.name)));
    for (const path of replaced) found.delete(path);
    for (const element of document.querySelectorAll("script[src], img[src]")) found.add(pathOf(element.src));
    for (const element of sheets()) found.add(pathOf(element.href));
    for (const path of [...found]) if (!path || path.startsWith("/__topicsite__/")) found.delete(path);
    return [...found].slice(0, 2000);
  };
  let reported = "";
  const report = (always) => {
    const now = { ...shown, path: location.pathname, loads: loads(), sheets: sheets().map((e) => pathOf(e.href)) };
    const text = JSON.stringify({ command: "info", url: location.href, topicsite: now });
    if (socket && socket.readyState === WebSocket.OPEN && (always || text !== reported)) {
      reported = text;
      socket.send(text);
    }
  };
  let reporting = 0;
  const reportSoon = () => {
    clearTimeout(reporting);
    reporting = setTimeout(() => report(false), 150);
  };

  // Reloading, with the page where it was

  const keep = () => {
    try {
      sessionStorage.setItem(SCROLL, JSON.stringify([location.pathname, scrollX, scrollY]));
    } catch { /* no storage: the browser's own memory has to do */ }
  };
  const restore = () => {
    try {
      const [path, x, y] = JSON.parse(sessionStorage.getItem(SCROLL) || "[]");
      sessionStorage.removeItem(SCROLL);
      if (path !== location.pathname) return;
      const put = () => { if (scrollX !== x || scrollY !== y) scrollTo({ left: x, top: y, behavior: "instant" }); };
      put();
      if (document.readyState !== "complete") addEventListener("load", put, { once: true });
    } catch { /* not ours */ }
  };
  const reload = () => {
    if (leaving) return;
    leaving = true;
    keep();
    location.reload();
  };

  // A new stylesheet is loaded beside the old one, which goes when the new one is there: nothing moves, nothing flashes

  const swap = (message) => {
    const elements = sheets();
    if (elements.length !== message.hrefs.length) return reload();
    elements.forEach((element, index) => {
      const wanted = new URL(message.hrefs[index], document.baseURI);
      const stale = message.stale.includes(wanted.pathname);
      if (wanted.href === element.href && !stale) return;
      if (stale) wanted.searchParams.set("topicsite", message.generation);
      const next = element.cloneNode();
      next.href = wanted.href;
      const gone = () => element.remove();
      next.addEventListener("load", gone, { once: true });
      next.addEventListener("error", gone, { once: true });
      element.after(next);
      going.add(element);
      if (wanted.pathname !== pathOf(element.href)) replaced.add(pathOf(element.href));
      replaced.delete(wanted.pathname);
    });
    shown.version = message.version;
    shown.generation = message.generation;
    setTimeout(() => report(true), 50);
  };

  // What is put on the page

  const host = document.createElement("topicsite-preview");
  host.style.cssText = "all:initial!important;display:block!important";
  const root = host.attachShadow({ mode: "open" });
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== "" && value !== null) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== "" && child !== null));
    return element;
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { color-scheme: light dark; }
    * { box-sizing: border-box; }
    .panel, .bar {
      position: fixed; z-index: 2147483647; inset-inline: 0; bottom: 0; direction: ltr; text-align: left;
      font: 14px/1.5 system-ui, sans-serif; color: #1d2327; background: #fff;
    }
    .panel { max-height: 70vh; overflow: auto; border-top: 4px solid #b3261e; box-shadow: 0 -8px 40px #0006; padding: 16px 24px 96px; }
    .panel.removed { border-top-color: #8a6100; }
    .panel h2 { font-size: 18px; line-height: 1.3; margin: 0 0 2px; }
    .panel p { margin: 2px 0; }
    .panel ol { list-style: none; margin: 12px 0 0; padding: 0; }
    .panel li { border-top: 1px solid #ccd0d4; padding: 12px 0; overflow-wrap: anywhere; }
    .where, .where a, pre { font: 13px/1.55 ui-monospace, monospace; }
    .severity { font-weight: 700; color: #b3261e; }
    .warning .severity { color: #8a6100; }
    .note .severity { color: #1f4fa8; }
    .code, .quiet { color: #5a646c; }
    .hint { color: #14532d; }
    a { color: #1f4fa8; }
    pre { margin: 8px 0 4px; padding: 8px 0; background: #f3f4f6; border-radius: 6px; overflow-x: auto; white-space: pre; }
    pre span { display: block; padding: 0 12px; min-width: max-content; }
    pre span.here { background: #fbe3e1; }
    pre i { font-style: normal; color: #5a646c; user-select: none; -webkit-user-select: none; }
    mark { background: none; color: inherit; text-decoration: underline wavy #b3261e; text-underline-offset: 3px; font-weight: 700; }
    button { font: inherit; color: inherit; background: none; border: 1px solid #8a939b; border-radius: 6px; padding: 1px 10px; cursor: pointer; }
    button:focus-visible, a:focus-visible { outline: 2px solid #1f4fa8; outline-offset: 2px; }
    .close { position: sticky; top: 0; float: right; background: inherit; }
    .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 16px; padding: 4px 12px; font-size: 13px; background: #f3f4f6; border-top: 1px solid #ccd0d4; }
    .bar .status { font-weight: 700; border-radius: 4px; padding: 0 8px; background: #d9f2e1; color: #14532d; }
    .bar .status.draft, .bar .status.planned, .bar .status.scheduled { background: #ffe9b8; color: #5c4100; }
    .bar .end { margin-left: auto; }
    .chip { position: fixed; z-index: 2147483647; right: 12px; bottom: 44px; font: 13px/1.5 system-ui, sans-serif; color: #fff; background: #b3261e; border: 0; padding: 4px 14px; border-radius: 99px; }
    [hidden] { display: none !important; }
    @media (prefers-color-scheme: dark) {
      .panel { color: #e8eaed; background: #1b2026; }
      .bar { color: #e8eaed; background: #262c33; border-color: #48515b; }
      .panel li { border-color: #48515b; }
      pre { background: #262c33; } mark { text-decoration-color: #ff8f86; } pre span.here { background: #4a2322; }
      .code, .quiet, pre i { color: #aab4bd; } .hint { color: #8fd6a8; } a { color: #9dc1ff; }
      .severity { color: #ff8f86; } .warning .severity { color: #f5c561; } .note .severity { color: #9dc1ff; }
    }
    @media print { .panel, .bar, .chip { display: none; } }
  `);
  root.adoptedStyleSheets = [sheet];
  const panel = make("section", { class: "panel", role: "region", "aria-label": "Build", "aria-live": "polite", hidden: "hidden" });
  const chip = make("button", { class: "chip", type: "button", hidden: "hidden" });
  const bar = make("section", { class: "bar", role: "region", "aria-label": "Preview", hidden: "hidden" });
  root.append(panel, bar, chip);

  const link = (text, address) => address ? make("a", { href: address }, text) : make("span", {}, text);

  const excerpt = (problem) => {
    const width = String(problem.lines[problem.lines.length - 1][0]).length;
    const rows = problem.lines.map(([number, text]) => {
      const gutter = make("i", {}, `${String(number).padStart(width)} | `);
      if (number !== problem.line) return make("span", {}, gutter, text || " ");
      const marked = text.slice(problem.start, problem.end) || " ";
      return make("span", { class: "here" }, gutter, text.slice(0, problem.start), make("mark", {}, marked), text.slice(problem.end));
    });
    return make("pre", {}, ...rows);
  };

  const entry = (problem) => {
    const place = problem.line ? `${problem.file}:${problem.line}:${problem.column}` : problem.file || "site";
    return make("li", { class: problem.severity },
      make("div", { class: "where" }, link(place, problem.editor)),
      make("div", {}, make("span", { class: "severity" }, problem.severity), ` ${problem.message} `, make("span", { class: "code" }, `[${problem.code}]`)),
      problem.lines.length ? excerpt(problem) : "",
      problem.hint ? make("div", { class: "hint" }, problem.hint) : "");
  };

  let folded = false;
  const show = (kind, title, ...children) => {
    const close = make("button", { class: "close", type: "button" }, "Hide");
    close.addEventListener("click", () => fold(true));
    panel.className = `panel ${kind}`;
    panel.replaceChildren(close, make("h2", {}, title), ...children.filter(Boolean));
    chip.textContent = title;
    fold(folded);
  };
  const fold = (value) => {
    folded = value;
    panel.hidden = value;
    chip.hidden = !value;
  };
  const hide = () => {
    panel.hidden = chip.hidden = true;
    panel.replaceChildren();
    folded = false;
  };
  chip.addEventListener("click", () => fold(false));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) fold(true); });

  let failing = false;
  let removed = false;
  let warnings = 0;
  const state = (message) => {
    failing = message.failing;
    warnings = message.warnings;
    building(false);
    if (failing) {
      show("failing", message.title,
        message.kept ? make("p", { class: "quiet" }, "The page shows the last good build. It follows as soon as a build succeeds.") : null,
        message.machine ? make("pre", {}, make("span", {}, message.machine)) : null,
        message.problems.length ? make("ol", {}, ...message.problems.map(entry)) : null,
        message.more ? make("p", { class: "quiet more" }, `And ${message.more.toLocaleString("en")} more; \`topicsite check\` tells all of them.`) : null);
    } else if (removed) {
      tellRemoved();
    } else {
      hide();
    }
  };
  const readable = (path) => {
    try {
      return decodeURI(path);
    } catch {
      return path;
    }
  };
  const tellRemoved = () => show("removed", "This page no longer exists",
    make("p", {}, `Nothing in the content makes ${readable(location.pathname)} any more. What you see is its last state; if it comes back, so does this page.`),
    make("p", {}, link("Home page", "/")));

  const plural = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
  let info = null;
  let busy = false;
  const building = (value) => {
    busy = value;
    draw();
  };
  const draw = () => {
    let hiddenBar = false;
    try { hiddenBar = sessionStorage.getItem(HIDDEN) === "1"; } catch { /* shown, then */ }
    if ((!info && !busy && connected) || (hiddenBar && !busy)) { bar.hidden = true; return; }
    const parts = [];
    if (info) {
      if (info.status) parts.push(make("span", { class: `status ${info.status}` }, info.day ? `${info.status} for ${info.day}` : info.status));
      if (info.source) parts.push(make("span", { class: "source" }, link(info.source, info.editor)));
      if (info.words || info.planned) {
        const planned = info.planned ? ` of ${info.planned.toLocaleString("en")} planned` : "";
        parts.push(make("span", { class: "words" }, `${info.words.toLocaleString("en")} ${info.words === 1 && !planned ? "word" : "words"}${planned}`));
      }
      parts.push(make("span", { class: "links" }, `${plural(info.in, "link", "links")} in, ${info.out.toLocaleString("en")} out`));
      if (info.reserved) parts.push(make("span", { class: "reserved" }, `${info.reserved.toLocaleString("en")} reserved`));
      if (!info.indexed) parts.push(make("span", {}, "not indexed"));
      if (warnings) parts.push(make("span", {}, plural(warnings, "warning", "warnings")));
    }
    if (busy) parts.push(make("span", { class: "busy" }, "building …"));
    if (!connected) parts.push(make("span", { class: "lost" }, "The preview has ended; this page is not kept up to date."));
    const close = make("button", { class: "end", type: "button", "aria-label": "Hide this bar" }, "×");
    close.addEventListener("click", () => {
      try { sessionStorage.setItem(HIDDEN, "1"); } catch { /* for this page, then */ }
      bar.hidden = true;
    });
    bar.replaceChildren(...parts, close);
    bar.hidden = false;
  };

  // The socket

  const take = (message) => {
    switch (message.command) {
      case "hello": break;
      case "reload": reload(); break;
      case "styles": swap(message); break;
      case "removed": removed = true; if (!failing) tellRemoved(); break;
      case "state": state(message); break;
      case "building": building(true); break;
      case "page": info = message; draw(); break;
    }
  };
  let lost = 0;
  const connect = () => {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/livereload`);
    socket.addEventListener("open", () => {
      wait = 250;
      connected = true;
      clearTimeout(lost);
      lost = 0;
      draw();
      socket.send(JSON.stringify({ command: "hello", protocols: ["http://livereload.com/protocols/official-7"] }));
      report(true);
    });
    socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (leaving) return;
      lost = lost || setTimeout(() => { connected = false; busy = false; draw(); }, 1500);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 2000);
    });
  };

  document.documentElement.append(host);
  restore();
  addEventListener("load", reportSoon);
  addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; report(true); } });
  try {
    new PerformanceObserver(reportSoon).observe({ type: "resource" });
  } catch { /* the first report has to do */ }
  connect();
})();
