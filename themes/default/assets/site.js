/* What pages can do with JavaScript and do well without: the scheme switch, copying, and tables that sort and filter.
   The words come from the data attributes of this script's element. */
(function () {
  "use strict";
  var words = document.currentScript.dataset;
  var root = document.documentElement;

  function make(name, properties, children) {
    var element = Object.assign(document.createElement(name), properties);
    (children || []).forEach(function (child) { element.append(child); });
    return element;
  }

  /* The switch between the light and the dark scheme; the choice is remembered, and forgotten where it is the system's. */
  var system = matchMedia("(prefers-color-scheme: dark)");
  var toggle = document.querySelector(".switch");
  function isDark() { return (root.dataset.scheme || (system.matches ? "dark" : "light")) === "dark"; }
  function paint() {
    toggle.setAttribute("aria-pressed", isDark());
    document.querySelectorAll("meta[name=theme-color]").forEach(function (meta) {
      meta.dataset.given = meta.dataset.given || meta.content;
      meta.content = root.dataset.scheme ? getComputedStyle(root).getPropertyValue("--paper").trim() : meta.dataset.given;
    });
  }
  if (toggle) {
    toggle.hidden = false;
    paint();
    system.addEventListener("change", paint);
    toggle.addEventListener("click", function () {
      var dark = !isDark();
      if (dark === system.matches) delete root.dataset.scheme;
      else root.dataset.scheme = dark ? "dark" : "light";
      try {
        if (root.dataset.scheme) localStorage.setItem("scheme", root.dataset.scheme);
        else localStorage.removeItem("scheme");
      } catch (error) { /* private windows may refuse; the choice then holds for this page */ }
      paint();
    });
  }

  /* The search is loaded when it is asked for. */
  var find = document.querySelector(".find");
  if (find) {
    find.hidden = false;
    var search = function () { import(find.dataset.script).then(function (module) { module.open(find); }); };
    find.addEventListener("click", search);
    document.addEventListener("keydown", function (event) {
      var at = event.target;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      /* A dialog that was just closed may still have the focus: what is not shown takes no keys. */
      var typing = at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
      if (typing && at.getClientRects().length || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      search();
    });
  }

  /* Code can be copied, and prompts, of which a map has many: theirs get a button when they are first opened. */
  if (navigator.clipboard) {
    var copyable = function (pre) {
      if (pre.parentNode.className === "copied") return;
      var button = make("button", { type: "button", className: "copy", textContent: words.copy });
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(pre.textContent).then(function () {
          button.textContent = words.copied;
          setTimeout(function () { button.textContent = words.copy; }, 2000);
        });
      });
      var holder = make("div", { className: "copied" });
      pre.replaceWith(holder);
      holder.append(button, pre);
    };
    document.querySelectorAll(".highlight pre").forEach(copyable);
    document.addEventListener("toggle", function (event) {
      if (event.target.matches(".prompt")) copyable(event.target.querySelector("pre"));
    }, true);
  }

  /* What asks for sizes waits until the page has been painted: before, the browser would have to lay it out twice. */
  (window.requestIdleCallback || setTimeout)(function () {
    /* Where the parts of a map do not fit side by side, the one that is open is in sight. */
    var parts = document.querySelector(".parts ul");
    var part = parts && parts.querySelector("[aria-current]");
    if (part && parts.scrollWidth > parts.clientWidth) {
      var from = parts.getBoundingClientRect(), to = part.getBoundingClientRect();
      if (to.left < from.left || to.right > from.right - 32) parts.scrollLeft += to.left + to.width / 2 - from.left - from.width / 2;
    }
    /* Wide tables of texts scroll by keyboard too. */
    document.querySelectorAll(".prose table").forEach(function (table) {
      if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
    });
  });

  /* The outline is open where there is room beside the text; it and the contents of a map follow the reader. */
  document.querySelectorAll(".outline").forEach(function (outline) {
    outline.open = matchMedia("(min-width: 76rem)").matches;
  });
  var places = new Map();
  document.querySelectorAll(".outline a, .contents a").forEach(function (link) {
    var target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target) places.set(target, link);
  });
  if (places.size && "IntersectionObserver" in window) {
    var here;
    var mark = function () {
      var found;
      places.forEach(function (link, target) {
        if (target.getBoundingClientRect().top < innerHeight / 3) found = link;
      });
      if (found === here) return;
      if (here) here.removeAttribute("aria-current");
      if (found) found.setAttribute("aria-current", "location");
      here = found;
    };
    var observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -66%", threshold: [0, 1] });
    places.forEach(function (link, target) { observer.observe(target); });
  }

  /* Tables: every [data-filter] is a set of rows with one bar; its value is the prefix of its keys in the URL. */
  function state() { return new URLSearchParams(location.search); }
  function keep(key, value) {
    var query = state();
    if (value) query.set(key, value);
    else query.delete(key);
    var text = query.toString();
    history.replaceState(history.state, "", location.pathname + (text ? "?" + text : "") + location.hash);
  }

  function cellValue(row, column) {
    var cell = row.cells[column];
    return cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim();
  }

  function sortable(table, key) {
    var body = table.tBodies[0];
    var heads = Array.from(table.tHead.rows[0].cells);
    function sort(column, down) {
      var compare = new Intl.Collator(root.lang).compare;
      var rows = Array.from(body.rows).sort(function (one, other) {
        var a = cellValue(one, column), b = cellValue(other, column);
        return (typeof a === "number" ? a - b : compare(a, b)) * (down ? -1 : 1);
      });
      body.append.apply(body, rows);
      heads.forEach(function (head, index) {
        if (index === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
    }
    heads.forEach(function (head, column) {
      var button = make("button", { type: "button", textContent: head.textContent, title: words.sort + ": " + head.textContent });
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        sort(column, down);
        keep(key, (down ? "-" : "") + head.dataset.key);
      });
      head.replaceChildren(button);
    });
    var wanted = state().get(key) || "";
    var column = heads.findIndex(function (head) { return head.dataset.key === wanted.replace("-", ""); });
    if (column >= 0) sort(column, wanted[0] === "-");
  }

  function filterable(area) {
    var prefix = area.dataset.filter ? area.dataset.filter + "-" : "";
    var tables = Array.from(area.querySelectorAll("table[data-table]"));
    tables.forEach(function (table, index) { sortable(table, prefix + "sort" + (index || "")); });
    var rows = Array.from(area.querySelectorAll("[data-priority]"));
    var place = area.querySelector(".filter-place");
    if (!place) return;
    var bar = make("form", { className: "filter" });
    var fields = {};
    function field(key, input, title) {
      fields[key] = input;
      input.name = prefix + key;
      input.value = state().get(prefix + key) || "";
      bar.append(make("label", {}, [title, input]));
    }
    field("q", make("input", { type: "search" }), words.find);
    var keys = ["priority", "intent", "cluster", "status"];
    function valueOf(row, key) {
      var holder = key === "cluster" ? row.closest("[data-cluster]") : row;
      return holder && holder.dataset[key];
    }
    keys.forEach(function (key) {
      var names = new Map();
      rows.forEach(function (row) {
        var value = valueOf(row, key);
        var shown = key === "cluster" ? value && row.closest("[data-cluster]").querySelector("h3") : row.querySelector("." + key);
        if (value && (shown || !names.has(value))) names.set(value, shown ? shown.textContent : value);
      });
      if (names.size < 2) return;
      var select = make("select", {}, [make("option", { value: "", textContent: words.any })]);
      names.forEach(function (name, value) { select.append(make("option", { value: value, textContent: name })); });
      field(key, select, words[key]);
    });
    var reset = make("button", { type: "reset", textContent: words.reset });
    var output = make("output", {});
    bar.append(reset, output);
    var texts;
    function tell(shown) {
      output.textContent = words.shown.replace("{shown}", shown).replace("{all}", rows.length);
      reset.disabled = shown === rows.length;
    }
    function apply() {
      texts = texts || rows.map(function (row) { return row.textContent.toLocaleLowerCase(root.lang); });
      var terms = fields.q.value.toLocaleLowerCase(root.lang).split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row, index) {
        var fits = terms.every(function (term) { return texts[index].includes(term); });
        keys.forEach(function (key) {
          if (fields[key] && fields[key].value && valueOf(row, key) !== fields[key].value) fits = false;
        });
        row.hidden = !fits;
        shown += fits;
      });
      area.querySelectorAll("[data-block]").forEach(function (block) {
        block.hidden = !block.querySelector("[data-priority]:not([hidden])");
      });
      tables.forEach(function (table) { table.hidden = !table.querySelector("tbody > tr:not([hidden])"); });
      tell(shown);
      Object.keys(fields).forEach(function (key) { keep(prefix + key, fields[key].value); });
    }
    bar.addEventListener("input", apply);
    bar.addEventListener("submit", function (event) { event.preventDefault(); });
    bar.addEventListener("reset", function () { setTimeout(apply); });
    place.append(bar);
    if (Object.keys(fields).some(function (key) { return fields[key].value; })) apply();
    else tell(rows.length);
  }
  document.querySelectorAll("[data-filter]").forEach(filterable);
})();
