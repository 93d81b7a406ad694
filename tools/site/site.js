const up = document.currentScript.dataset.up;
const byId = (id) => document.getElementById(id);

// The theme.
function name(theme) { byId("theme").textContent = theme === "dark" ? "Light" : "Dark"; }
function setTheme(theme) { document.documentElement.dataset.theme = theme; name(theme); }
name(document.documentElement.dataset.theme);
byId("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  setTheme(theme);
  try { localStorage.setItem("theme", theme); } catch { /* then for this page alone */ }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  storedTheme() || setTheme(systemTheme()));

// The menu, where there is no room for it beside the text.
byId("menu").addEventListener("click", () => {
  const open = byId("pages").classList.toggle("open");
  byId("menu").setAttribute("aria-expanded", open);
});
const current = document.querySelector("#pages [aria-current]");
if (current) byId("pages").scrollTop = current.offsetTop - 200;

// What scrolls sideways can be reached by keyboard.
function reachable() {
  for (const one of document.querySelectorAll("main pre, .wide, .display, .shown")) {
    if (one.scrollWidth > one.clientWidth + 1) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
}
reachable();
addEventListener("resize", reachable);
document.addEventListener("typeset", () => { reachable(); document.body.classList.add("ready"); });

// Printed, every answer is open.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) one.open = true;
});

// The search. Its index is a script, since a page opened from a file may not fetch anything.
let index = null, loading = null;
const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_']+/gu) || [];

function load() {
  loading ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = up + "search-index.js";
    script.onload = () => done(index = window.SEARCH.map(([page, title, address, text]) => ({
      page, title, address, text, low: text.toLowerCase(), head: words(title), top: words(page) })));
    script.onerror = fail;
    document.head.append(script);
  });
  return loading;
}

function weight(section, word) {
  const begins = (one) => one.startsWith(word);
  const head = section.head.some(begins) * 12 + section.top.some(begins) * 5;
  let count = 0;
  for (let at = section.low.indexOf(word); at >= 0 && count < 6; at = section.low.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(section.low[at - 1])) count += 1;
  }
  return head + count;
}

// A section must have every word; the rarer a word, the more it says.
function find(query) {
  const asked = [...new Set(words(query))];
  const table = asked.map((word) => index.map((section) => weight(section, word)));
  const rare = table.map((row) => Math.log(1 + index.length / (1 + row.filter(Boolean).length)));
  return index.map((section, k) => [asked.length && table.every((row) => row[k])
    ? table.reduce((sum, row, w) => sum + rare[w] * row[k], 0) : 0, section])
    .filter(([score]) => score > 0).sort((a, b) => b[0] - a[0]).map(([, section]) => section);
}

function excerpt(section, asked) {
  const at = Math.max(0, ...asked.map((word) => section.low.indexOf(word)));
  const start = at < 60 ? 0 : section.text.indexOf(" ", at - 50) + 1;
  return (start ? "… " : "") + section.text.slice(start, start + 150) + " …";
}

async function search() {
  const query = byId("search").value.trim();
  const box = byId("search-results"), list = box.querySelector("ol"), status = box.querySelector("p");
  box.hidden = !query;
  if (!query) return;
  await load();
  const found = find(query);
  const many = { 0: "Nothing found", 1: "1 section" }[found.length] || `${found.length} sections`;
  status.textContent = found.length > 20 ? `${many}; these 20 fit best` : many;
  list.replaceChildren(...found.slice(0, 20).map((section) => {
    const item = document.createElement("li"), link = document.createElement("a");
    const text = document.createElement("p");
    link.href = up + section.address;
    link.textContent = section.title ? `${section.page}: ${section.title}` : section.page;
    text.textContent = excerpt(section, words(query));
    item.append(link, text);
    return item;
  }));
}

function close() {
  byId("search").value = "";
  byId("search-results").hidden = true;
}

byId("search").addEventListener("focus", () => load().catch(() => {}));
byId("search").addEventListener("input", search);
byId("search-results").addEventListener("click", (event) => event.target.closest("a") && close());
addEventListener("keydown", (event) => {
  const links = [...byId("search-results").querySelectorAll("a")];
  const at = links.indexOf(document.activeElement), inField = event.target === byId("search");
  if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) byId("search").focus();
  else if (event.key === "Escape" && !byId("search-results").hidden) { close(); byId("search").focus(); }
  else if (event.key === "Enter" && inField && links.length) links[0].click();
  else if (event.key === "ArrowDown" && (inField || at >= 0)) links[at + 1]?.focus();
  else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || byId("search")).focus();
  else return;
  event.preventDefault();
});
