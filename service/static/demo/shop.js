/* The shop: what a site does with Onefold, and a look at what becomes of it. */

/* 1. The stub: keeps calls until the SDK is there. A site has this in its head. */
window.web_event ||
  ((w, queue) => {
    const keep = (name) => (...args) => { queue.push({ name, args }); };
    w.web_event = Object.assign(keep("event"), { queue, track: keep("event"), resetAnonymousUId: keep("reset") });
    w.onefold = new Proxy({}, { get: (_, name) => keep(name) });
  })(window, []);

/* 2. The shop. */
const GOODS = [
  { id: "mug", name: "Morning mug", price: 14, shelf: "kitchen" },
  { id: "lamp", name: "Reading lamp", price: 69, shelf: "living" },
  { id: "pot", name: "Window pot", price: 22, shelf: "kitchen" },
  { id: "chair", name: "Quiet chair", price: 149, shelf: "living" },
  { id: "clock", name: "Slow clock", price: 48, shelf: "living" },
  { id: "bag", name: "Market bag", price: 19, shelf: "kitchen" },
];
const $ = (id) => document.getElementById(id);
const item = ({ id, name, price }) => ({ type: "product", id, name, price });

function make(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function drawing(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#${id}`);
  return svg;
}

function product(good) {
  const [box, art, about, words] = [make("li", ""), make("button", "art", ""), make("div", "about"), make("div", "")];
  art.ariaLabel = `Look at ${good.name}`;
  art.append(drawing(good.id));
  art.onclick = () => web_event.track("product", "view", { items: [item(good)] });
  const add = make("button", "quiet", "Add");
  add.onclick = () => {
    $("cart").textContent = Number($("cart").textContent) + 1;
    web_event.track("product", "add_to_cart", { items: [item(good)], extra: { revenue: good.price } });
  };
  words.append(make("h3", "", good.name), make("p", "", `${good.price} €`));
  about.append(words, add);
  box.append(art, about);
  return box;
}

function show() {
  const shelf = new URLSearchParams(location.search).get("shelf") || "all";
  $("shelf").replaceChildren(...GOODS.filter((good) => shelf == "all" || good.shelf == shelf).map(product));
  for (const link of document.querySelectorAll("nav a")) {
    if (link.search.endsWith(`=${shelf}`)) link.ariaCurrent = "page";
    else link.ariaCurrent = null;
  }
}

document.querySelector("nav").addEventListener("click", (event) => {
  if (!event.target.href) return;
  event.preventDefault();
  history.pushState(null, "", event.target.href);
  show();
});
addEventListener("popstate", show);

/* 3. Who is here: sign up, log in, log out. */
$("account").addEventListener("click", ({ target: { dataset } }) => {
  if (!dataset.person) return;
  const { name, email } = $("account").elements;
  name.value = dataset.person;
  email.value = `${dataset.person.split(" ")[0].toLowerCase()}@example.com`;
});

$("account").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, email } = Object.fromEntries(new FormData(event.target));
  const cid = (await onefold.hash(email)) || email; // the hash needs https or this machine
  const customers = { customer_id: cid, email, ...(name && { name }) };
  web_event.track("user", event.submitter?.value || "sign_in", { dims: { customers } });
  localStorage.setItem("shop_name", name || email);
  event.target.reset();
  greet();
});

$("leave").onclick = () => {
  web_event.track("user", "sign_out");
  if ($("forget").checked) web_event.resetAnonymousUId();
  localStorage.removeItem("shop_name");
  greet();
};

function greet() {
  const name = localStorage.getItem("shop_name");
  $("account").hidden = Boolean(name);
  $("greeting").hidden = !name;
  $("who").textContent = name;
}

/* 4. The window into Onefold. A site has none of this. */
$("reset").onclick = () => web_event.resetAnonymousUId();
$("lose").onclick = () => {
  document.cookie = "onefold_uid=;path=/;max-age=0";
  localStorage.removeItem("onefold_uid");
  location.reload();
};

function coloured(json) {
  const parts = json.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d[\d.e+-]*)/);
  return parts.map((part, place) => {
    if (place % 2 == 0) return part;
    return make("span", part.endsWith(":") ? "key" : part.startsWith('"') ? "text" : "other", part);
  });
}

let shown = "";
async function look() {
  const uid = onefold.getUid?.();
  if (!uid || document.hidden) return;
  $("uid").textContent = uid;
  $("cid").textContent = onefold.getCid() || "none";
  await onefold.flush();
  const answer = await fetch(`/demo/profiles/${encodeURIComponent(uid)}`).catch(() => null);
  const profile = answer?.ok ? await answer.json() : null;
  const json = profile ? JSON.stringify(profile, null, 2) : "Nothing yet.";
  if (json == shown) return;
  shown = json;
  $("kind").textContent = profile?.kind || "new";
  $("kind").className = `badge ${profile?.kind || ""}`;
  $("profile").replaceChildren(...coloured(json));
}

show();
greet();
setInterval(look, 600);
