// What is too much for one slide moves on to the next one. It is done here and not when the deck is
// built, since only the browser in the lecture room knows its fonts.
const SIZE = { width: 1280, height: 720 };

function overflows(section) {
  const body = section.querySelector(".body");
  const inner = body.getBoundingClientRect();
  const wide = [...body.querySelectorAll("pre, table, mjx-container > svg")].some(
    (one) => one.scrollWidth > one.clientWidth + 1 && one.tagName === "PRE" ||
             one.getBoundingClientRect().right > inner.right + 1);
  return wide || body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1;
}

function next(section) {
  const copy = section.cloneNode(true);
  copy.querySelector(".body").replaceChildren();
  copy.querySelector(".notes").innerHTML = "<p><strong>The slide before goes on here.</strong></p>";
  copy.querySelector(".above")?.remove();
  copy.className = "text more";
  section.after(copy);
  return copy;
}

// Move the last of several children to the front of their copy's place on the next slide.
function moveLast(list, place) {
  const last = list.lastElementChild;
  if (list.tagName === "OL") place.start = (list.start || 1) + list.children.length - 1;
  place.prepend(last);
}

function splitList(body, target, section) {
  const list = body.lastElementChild;
  const rows = list.tagName === "TABLE" ? list.tBodies[0] : list;
  if (!rows || !/^(UL|OL|TABLE)$/.test(list.tagName) || rows.children.length < 2) return false;
  const copy = list.cloneNode(true);
  const place = copy.tagName === "TABLE" ? copy.tBodies[0] : copy;
  place.replaceChildren();
  target.prepend(copy);
  while (overflows(section) && rows.children.length > 1) moveLast(rows, place);
  return true;
}

// A list may stay below its sentence, cut in two; anything else goes on whole.
function fit(section) {
  for (const size of ["large", "middle", "tight"]) {
    section.classList.remove("large", "middle", "tight");
    section.classList.add(size);
    if (!overflows(section)) return;
  }
  const body = section.querySelector(".body");
  const rest = next(section);
  const target = rest.querySelector(".body");
  while (overflows(section)) {
    if (splitList(body, target, section) && !overflows(section)) break;
    if (body.children.length < 2) break;
    const last = body.lastElementChild, lead = last.previousElementSibling;
    target.prepend(last);
    if (last.tagName !== "P" && lead.tagName === "P" && body.children.length > 1) target.prepend(lead);
  }
  if (!target.children.length) return rest.remove();
  share(section, rest);
  fit(section);
  fit(rest);
}

function share(section, rest) {
  const seconds = Number(section.dataset.timing);
  section.dataset.timing = Math.ceil(seconds / 2);
  rest.dataset.timing = Math.floor(seconds / 2);
}

function start() {
  const slides = document.querySelector(".slides");
  for (const picture of slides.querySelectorAll(".body > img")) {
    const frame = document.createElement("div");
    frame.className = "image";
    picture.replaceWith(frame);
    frame.append(picture);
  }
  for (const section of [...slides.children]) fit(section);
  for (const spoken of document.querySelectorAll(".notes mjx-assistive-mml")) spoken.remove();
  document.querySelector(".reveal").classList.remove("fitting");
  const printing = new URLSearchParams(location.search).has("print-pdf");
  const pages = printing ? new Promise((done) => Reveal.on("pdf-ready", done)) : null;
  return Reveal.initialize({
    ...SIZE, margin: 0.02, display: "flex", center: false, hash: true, slideNumber: "c/t",
    transition: "none", backgroundTransition: "none", plugins: [RevealNotes],
  }).then(() => pages).then(() => document.body.classList.add("ready"));
}

window.MathJax = {
  tex: { inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]] },
  svg: { scale: 0.93 },
  options: { enableMenu: false },
  startup: { pageReady: () => MathJax.startup.defaultPageReady().then(start) },
};
