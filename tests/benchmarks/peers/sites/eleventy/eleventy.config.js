// The corpus as an Eleventy site: `content/_data/plan.json` is the plan, the Markdown files are the articles; collections
// put them together, and paginated templates make the pages of maps, clusters, entities and categories.
const anchor = require("markdown-it-anchor");

const SITE = "https://corpus.example";
const PAGE_SIZE = 50;
const slugify = (text) => text.toLowerCase().replace(/[^\w\s-]/g, "").trim().replace(/\s+/g, "-");

// What the collections share; made once a build.
let site;

function gather(api) {
  if (site) return site;
  const items = new Map();
  for (const item of api.getAll()) if (item.data.kind) items.set(item.url, item);
  const plan = api.getAll()[0].data.plan;
  const maps = [], clusters = [], articles = [], places = new Map();
  const entities = new Map(), categories = new Map();
  for (const data of plan) {
    const map = { ...data, url: `/${data.slug}/`, clusters: [], articles: [] };
    for (const [index, cluster] of data.clusters.entries()) {
      const url = `/${data.slug}/${cluster.slug}/`;
      const members = cluster.articles.map((slug) => items.get(`${url}${slug}/`));
      const whole = { ...cluster, url, map, index, articles: members, pillar: members[0] };
      map.clusters.push(whole);
      clusters.push(whole);
      map.articles.push(...members);
      for (const item of members) places.set(item.url, { map, cluster: whole, item });
    }
    map.articles.forEach((item, index) => {
      Object.assign(places.get(item.url), { previous: map.articles[index - 1], next: map.articles[index + 1] });
      for (const name of item.data.entities) {
        if (!entities.has(name)) entities.set(name, { name, url: `/entities/${slugify(name)}/`, articles: [] });
        entities.get(name).articles.push(item);
      }
    });
    if (!categories.has(data.category)) {
      categories.set(data.category, { title: data.category, url: `/categories/${slugify(data.category)}/`, maps: [] });
    }
    categories.get(data.category).maps.push(map);
    maps.push(map);
    articles.push(...map.articles);
  }
  const byName = (a, b) => (a.name < b.name ? -1 : 1);
  site = { maps, clusters, articles, places, entities, entityList: [...entities.values()].sort(byName), categories: [...categories.values()] };
  return site;
}

// The three articles that share most entities with this one, as Hugo's related content finds them.
function related(item) {
  const counts = new Map();
  for (const name of item.data.entities) {
    for (const other of site.entities.get(name).articles) {
      if (other !== item) counts.set(other, (counts.get(other) || 0) + 1);
    }
  }
  const best = [];
  for (const [other, count] of counts) {
    if (best.length < 3 || count > best[2][1]) {
      best.push([other, count]);
      best.sort((a, b) => b[1] - a[1]);
      best.length = Math.min(best.length, 3);
    }
  }
  return best.map(([other]) => other);
}

function graph(page, data, crumbs) {
  const url = SITE + page.url;
  const publisher = { "@id": `${SITE}/#publisher` };
  const list = [...crumbs, { title: data.title }].map((step, index) => ({
    "@type": "ListItem", position: index + 1, name: step.title, ...(step.url ? { item: SITE + step.url } : {}),
  }));
  const main = {
    "@type": data.item ? "WebPage" : "CollectionPage", "@id": url, url, name: data.title, inLanguage: "en", breadcrumb: { "@id": `${url}#breadcrumb` },
  };
  const parts = [
    { "@type": "WebSite", "@id": `${SITE}/#website`, url: `${SITE}/`, name: "Corpus", inLanguage: "en", publisher },
    { ...publisher, "@type": "Organization", name: "Corpus" },
    main,
    { "@type": "BreadcrumbList", "@id": `${url}#breadcrumb`, itemListElement: list },
  ];
  const part = (of) => ({ "@type": "CollectionPage", "@id": SITE + of.url, url: SITE + of.url, name: of.title });
  const terms = (names) => names.map((name) => site.entities.get(name)).filter(Boolean).map((one) => ({
    "@type": "DefinedTerm", "@id": `${SITE}${one.url}#term`, name: one.name, url: SITE + one.url,
  }));
  const members = (all) => ({ "@type": "ItemList", itemListElement: all.map((one, index) => ({
    "@type": "ListItem", position: index + 1, name: one.title || one.data.title, url: SITE + one.url,
  })) });
  if (!data.item) main.description = data.description;
  if (data.item) {
    const { map, cluster, item } = data;
    main.isPartOf = part(map);
    parts.push({
      "@type": "Article", "@id": `${url}#article`, headline: data.title, description: data.description,
      mainEntityOfPage: { "@id": url }, inLanguage: "en", isPartOf: part(cluster), author: publisher, publisher,
      dateModified: item.data.updated, wordCount: item.rawInput.split(/\s+/).length, mentions: terms(item.data.entities),
    });
  } else if (data.clusters) {
    Object.assign(main, { mainEntity: members(data.clusters), about: terms(data.entities), dateModified: data.updated });
  } else if (data.articles) {
    main.mainEntity = members(data.articles);
  }
  return JSON.stringify({ "@context": "https://schema.org", "@graph": parts }).replace(/</g, "\\u003c");
}

module.exports = function (config) {
  config.on("eleventy.before", () => { site = undefined; });
  config.amendLibrary("md", (library) => library.use(anchor, { level: [2, 3], slugify }));
  config.addPassthroughCopy("assets");
  for (const name of ["maps", "clusters", "articles", "entityList", "categories"]) {
    config.addCollection(name, (api) => gather(api)[name]);
  }
  const dates = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });
  config.addFilter("longDate", (date) => dates.format(new Date(date)));
  config.addFilter("anchor", slugify);
  config.addFilter("json", (value) => JSON.stringify(value));
  config.addFilter("place", (url) => site.places.get(url));
  config.addFilter("entity", (name) => site.entities.get(name) || { name });
  config.addFilter("related", related);
  config.addFilter("capital", (text) => text[0].toUpperCase() + text.slice(1));
  config.addFilter("plannedWords", (items) => items.reduce((sum, item) => sum + item.data.words, 0).toLocaleString("en"));
  config.addFilter("graph", graph);
  config.addFilter("headings", (html) =>
    [...html.matchAll(/<h2 id="([^"]*)"[^>]*>(.*?)<\/h2>/g)].map(([, id, text]) => ({ id, text })));
  config.addFilter("newest", (items) =>
    [...items].sort((a, b) => (a.data.updated < b.data.updated ? 1 : -1)).slice(0, PAGE_SIZE));
  config.addFilter("groups", (items) => {    // of an entity's articles: by map, by cluster
    const maps = new Map();
    for (const item of items) {
      const { map, cluster } = site.places.get(item.url);
      if (!maps.has(map)) maps.set(map, new Map());
      if (!maps.get(map).has(cluster)) maps.get(map).set(cluster, []);
      maps.get(map).get(cluster).push(item);
    }
    return [...maps].map(([map, clusters]) => [map, [...clusters]]);
  });
  config.addFilter("covering", (items, name) => items.filter((item) => item.data.entities.includes(name)));
  config.addFilter("questions", (map) => [...map.faq, ...map.articles.flatMap((item) => item.data.faq || [])]);
  config.addFilter("letters", (all) => {
    const letters = new Map();
    for (const one of all) {
      const letter = one.name[0].toUpperCase();
      if (!letters.has(letter)) letters.set(letter, []);
      letters.get(letter).push(one);
    }
    return [...letters];
  });
  config.addFilter("searchData", (all) => JSON.stringify(all.map((item) => [
    item.data.kind, item.data.title, item.url, site.places.get(item.url).map.title, item.data.description,
    [item.data.query, ...[...item.rawInput.matchAll(/^## (.*)$/gm)].map((found) => found[1]), ...item.data.entities].join(" "),
  ])));
  config.addFilter("mapData", (map) => JSON.stringify({
    title: map.title, slug: map.slug, url: SITE + map.url, category: map.category, language: "en",
    description: map.description, updated: map.updated, audience: map.audience, strategy: map.strategy,
    clusters: map.clusters.map((cluster) => ({
      title: cluster.title, slug: cluster.slug, url: SITE + cluster.url, description: cluster.description,
      articles: cluster.articles.map(({ url, rawInput, data: { title, query, intent, priority, words, description, sections, entities, updated, faq } }) => ({
        title, url: SITE + url, status: "published", query, intent, priority, words,
        written: rawInput.split(/\s+/).length, description, sections, entities, updated, faq,
      })),
    })),
    gaps: map.gaps, entities: map.entities, faq: map.faq, ideas: map.ideas,
  }, null, 1));
  return {
    dir: { input: "content", includes: "../layouts", output: "public" },
    markdownTemplateEngine: false,
  };
};
