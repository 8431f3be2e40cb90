// The page: folders, a table of files, filters, and the details of a file. Names and metadata are only set as text.
import { preview } from "./preview.js";

const $ = (id) => document.getElementById(id);
const PAGE_ROWS = 200, FOLDER_ENTRIES = 500, VALUES = 200;
const state = { folder: "", search: "", where: "", chosen: new Map(), metric: "", desc: false, rows: [], next: "", file: "" };
let info, fields, columns, selected = new Set(), latest = 0;

// element returns an HTML element with properties and children, which are elements or texts. A byte that is not UTF-8, which is
// a lone surrogate in JSON, is shown as a replacement character.
export function element(name, properties = {}, ...children) {
  const one = document.createElement(name);
  const plain = (value) => typeof value === "string" ? value.toWellFormed() : value;
  for (const [key, value] of Object.entries(properties)) {
    if (key in one) one[key] = plain(value); else one.setAttribute(key, plain(value));
  }
  one.append(...children.map(plain));
  return one;
}

// ask returns the answer to a request, and asks the user for the token if the server needs it.
export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 401) {
    await login();
    return ask(path, options);
  }
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}

function login() {
  return new Promise((done) => {
    $("login").onclose = () => {
      document.cookie = `token=${encodeURIComponent($("token").value)}; path=/; SameSite=Strict`;
      done();
    };
    if (!$("login").open) $("login").showModal();
  });
}

// quoted returns a text as a value of a condition.
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const named = (field) => "`" + field.replaceAll("`", "``") + "`";
// url returns the address of a path. A byte that is not UTF-8 is a lone surrogate in JSON.
export const url = (path) => Array.from(path, (char) => {
  const code = char.codePointAt(0);
  if (code >= 0xdc80 && code <= 0xdcff) return "%" + (code - 0xdc00).toString(16).toUpperCase();
  return char === "/" ? "/" : encodeURIComponent(char);
}).join("");

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) { bytes /= 1000; unit++; }
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

// condition returns the condition of all filters; "" for none.
function condition() {
  const parts = [];
  if (state.where) parts.push(`(${state.where})`);
  for (const [field, values] of state.chosen) {
    const missing = values.has(null), texts = [...values].filter((value) => value !== null);
    const one = [];
    if (texts.length) one.push(`${named(field)} in (${texts.map(literal).join(", ")})`);
    if (missing) one.push(`${named(field)} is missing`);
    if (one.length) parts.push(`(${one.join(" or ")})`);
  }
  if (state.search && state.folder) parts.push(`path ~ ${quoted(state.search)}`);
  return parts.join(" and ");
}

const literal = (value) => typeof value === "string" ? quoted(value) : String(value);

function query(more = {}) {
  const parameters = new URLSearchParams();
  const get = state.folder || state.search, where = condition();
  for (const [key, value] of Object.entries({ get, where, metric: state.metric, desc: state.desc ? "true" : "", ...more })) {
    if (value) parameters.set(key, value);
  }
  return parameters;
}

async function load(cursor = "") {
  const number = ++latest;
  show("Loading …");
  try {
    const answer = await ask(`/api/files?${query({ limit: PAGE_ROWS, cursor })}`);
    const rows = await answer.json();
    if (number !== latest) return;
    state.rows = cursor ? state.rows.concat(rows) : rows;
    state.next = answer.headers.get("X-Next-Cursor") || "";
    draw();
    const total = await (await ask(`/api/count?${query()}`)).json();
    if (number === latest) show(`${Number(total).toLocaleString("en")} files, ${state.rows.length.toLocaleString("en")} shown`);
  } catch (error) {
    if (number === latest) show(error.message, true);
  }
}

function show(text, isError = false) {
  $("state").textContent = text;
  $("state").classList.toggle("error", isError);
}

function draw() {
  const marks = { true: " ↓", false: " ↑" };
  const head = element("tr", {}, element("th", { scope: "col" }, all()));
  for (const name of ["path", ...columns]) {
    const mark = state.metric === name || (name === "path" && !state.metric) ? marks[state.desc] : "";
    const sorted = mark ? (state.desc ? "descending" : "ascending") : "none";
    const sort = element("button", { onclick: () => order(name) }, name + mark);
    head.append(element("th", { scope: "col", "aria-sort": sorted }, sort));
  }
  $("files").tHead.replaceChildren(head);
  $("files").tBodies[0].replaceChildren(...state.rows.map(tableRow));
  $("more").hidden = !state.next;
  count();
}

function all() {
  const box = element("input", { type: "checkbox", "aria-label": "Select all shown files" });
  box.onchange = () => {
    for (const row of state.rows) box.checked ? selected.add(row.path) : selected.delete(row.path);
    draw();
  };
  box.checked = state.rows.length > 0 && state.rows.every((row) => selected.has(row.path));
  return box;
}

function tableRow(row) {
  const box = element("input", { type: "checkbox", checked: selected.has(row.path), "aria-label": `Select ${row.path}` });
  box.onchange = () => { box.checked ? selected.add(row.path) : selected.delete(row.path); count(); };
  const name = element("button", { className: "name", onclick: () => open(row) }, shown(row.path));
  const line = element("tr", { "aria-selected": String(row.path === state.file) }, element("td", {}, box), element("td", {}, name));
  for (const column of columns) {
    const value = row[column];
    const text = column === "size" && value !== undefined ? size(value) : format(value);
    line.append(element("td", { className: typeof value === "number" ? "number" : "", title: format(value) }, text));
  }
  line.onclick = (event) => { if (!event.target.closest("input, button")) open(row); };
  return line;
}

const format = (value) => value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
const shown = (path) => path.slice((state.folder || info.mount + "/").length);

function order(name) {
  const metric = name === "path" ? "" : name;
  state.desc = state.metric === metric && !state.desc;
  state.metric = metric;
  load();
}

function count() {
  $("selected").textContent = selected.size ? `${selected.size} selected` : "No file is selected: all that the filters find";
}

// download requests an archive of the selected files, or of all that the filters find.
function download(kind) {
  const parameters = selected.size
    ? new URLSearchParams({ where: `path in (${[...selected].map(quoted).join(", ")})` }) : query();
  parameters.set("format", kind);
  const form = element("form", { method: "post", action: "/api/archive" });
  for (const [key, value] of parameters) form.append(element("input", { type: "hidden", name: key, value }));
  document.body.append(form);
  form.submit();
  form.remove();
}

// Folders.

async function children(path, list, start = "") {
  const answer = await (await ask(`/api/folder?${new URLSearchParams({ path, start, limit: FOLDER_ENTRIES })}`)).json();
  const folders = answer.entries.filter((one) => one.folder);
  list.append(...folders.map((one) => node(one)));
  if (answer.next) {
    const more = element("li", {}, element("button", { className: "row", onclick: () => { more.remove(); children(path, list, answer.next); } }, "more …"));
    list.append(more);
  }
  return folders.length || answer.next;
}

function node(one) {
  const item = element("li", { role: "treeitem", "aria-expanded": "false", "aria-selected": "false" });
  const row = element("button", { className: "row", tabIndex: -1 }, "▸", element("span", {}, one.name),
    element("span", { className: "count" }, one.files.toLocaleString("en")));
  const list = element("ul", { role: "group", hidden: true });
  item.append(row, list);
  item.toggle = async (wanted) => {
    const expand = wanted ?? item.getAttribute("aria-expanded") !== "true";
    if (expand && !item.loaded) { item.loaded = true; await children(one.path, list); }
    item.setAttribute("aria-expanded", String(expand));
    row.firstChild.data = expand ? "▾" : "▸";
    list.hidden = !expand;
  };
  row.onclick = () => { choose(item, one.path + "/"); item.toggle(); };
  row.onkeydown = (event) => move(event, item);
  return item;
}

function choose(item, folder) {
  for (const other of $("tree").querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false");
  item.setAttribute("aria-selected", "true");
  state.folder = folder;
  $("tree").classList.remove("open");
  location.hash = url(folder);
  load();
}

function move(event, item) {
  const rows = [...$("tree").querySelectorAll(".row")].filter((row) => row.offsetParent);
  const at = rows.indexOf(event.target);
  const target = { ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], Home: rows[0], End: rows.at(-1) }[event.key];
  if (target) target.focus();
  else if (event.key === "ArrowRight") item.toggle(true);
  else if (event.key === "ArrowLeft") item.toggle(false);
  else return;
  event.preventDefault();
}

// Filters.

async function chooseField() {
  const field = $("field").value, box = $("values");
  box.hidden = !field;
  if (!field) return;
  box.firstElementChild.textContent = field;
  const chosen = state.chosen.get(field) ?? new Set();
  try {
    const values = await (await ask(`/api/values?${query({ field, limit: VALUES })}`)).json();
    box.lastElementChild.replaceChildren(...values.map((one) => {
      const value = one[field] ?? null;
      const check = element("input", { type: "checkbox", checked: chosen.has(value) });
      check.onchange = () => {
        check.checked ? chosen.add(value) : chosen.delete(value);
        chosen.size ? state.chosen.set(field, chosen) : state.chosen.delete(field);
        load();
      };
      return element("label", {}, check, ` ${value === null ? "(no value)" : value === "" ? "(empty)" : format(value)} (${one.count.toLocaleString("en")})`);
    }));
  } catch (error) {
    show(error.message, true);
  }
}

function drawColumns() {
  $("columns").replaceChildren(element("legend", {}, "Columns"), ...fields.map((name) => {
    const check = element("input", { type: "checkbox", checked: columns.includes(name) });
    check.onchange = () => {
      columns = fields.filter((other) => other === name ? check.checked : columns.includes(other));
      draw();
    };
    return element("label", {}, check, " " + name);
  }));
}

// Details.

async function open(row) {
  state.file = row.path;
  for (const line of $("files").tBodies[0].rows) line.setAttribute("aria-selected", "false");
  const address = url(row.path), box = $("details");
  const close = element("button", { onclick: () => { box.hidden = true; state.file = ""; } }, "Close");
  const list = element("dl");
  for (const [name, value] of Object.entries(row)) list.append(element("dt", {}, name), element("dd", {}, format(value)));
  const place = element("div", { className: "preview" });
  box.replaceChildren(close, element("h2", {}, row.path), element("p", {}, element("a", { href: address + "?download" }, "Download")),
    place, element("h2", {}, "Metadata"), list, element("h2", {}, "Commands"), ...commands(row.path, address).map(copyable));
  box.hidden = false;
  close.focus();
  await preview(place, row, address);
}

function commands(path, address) {
  const shell = `'${path.replaceAll("'", "'\\''")}'`, image = `${info.name}:${info.version}`;
  return [`curl -O ${location.origin}${address.replaceAll("'", "%27")}`,
    `python3 -c 'import urllib.request as u; u.urlretrieve("${location.origin}${address.replaceAll("'", "%27")}", "file")'`,
    `docker run --rm ${image} -cat ${shell} > file`, `apptainer run ${info.name}.sif -cat ${shell} > file`];
}

function copyable(text) {
  const button = element("button", { onclick: async () => { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } }, "Copy");
  return element("p", { className: "copy" }, element("code", {}, text), button);
}

// Start.

function later(work, milliseconds) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(work, milliseconds); };
}

async function start() {
  info = await (await ask("/api/info")).json();
  const schema = await (await ask("/api/schema")).json();
  fields = schema.map((one) => one.field).filter((name) => name !== "path");
  columns = fields.filter((name) => name !== "sha256").slice(0, 6);
  document.title = info.about?.title || info.name;
  $("title").textContent = `${info.about?.title || info.name} ${info.version}`;
  $("about").textContent = info.about?.description || `${info.files.toLocaleString("en")} files, ${size(info.bytes)}`;
  $("field").append(element("option", { value: "" }, "Filter by …"), ...["suffix", "folder", ...fields.filter((name) => name !== "suffix")].map((name) => element("option", { value: name }, name)));
  drawColumns();
  const root = node({ name: info.mount, path: info.mount, files: info.files });
  root.firstChild.onclick = () => { choose(root, ""); root.toggle(); };
  root.firstChild.tabIndex = 0;
  $("tree").firstElementChild.append(root);
  await root.toggle(true);
  root.setAttribute("aria-selected", "true");
  await load();
}

$("search").oninput = later(() => { state.search = $("search").value; load(); }, 120);
$("field").onchange = chooseField;
$("filter").onsubmit = (event) => { event.preventDefault(); state.where = $("where").value.trim(); load(); };
$("reset").onclick = () => {
  Object.assign(state, { search: "", where: "", chosen: new Map(), metric: "", desc: false });
  $("search").value = $("where").value = $("field").value = "";
  $("values").hidden = true;
  load();
};
$("choose-columns").onclick = () => {
  $("columns").hidden = !$("columns").hidden;
  $("choose-columns").setAttribute("aria-expanded", String(!$("columns").hidden));
};
$("more").onclick = () => load(state.next);
$("zip").onclick = () => download("zip");
$("tar").onclick = () => download("tar");
$("show-tree").onclick = () => {
  const isOpen = $("tree").classList.toggle("open");
  $("show-tree").setAttribute("aria-expanded", String(isOpen));
};
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, select, dialog")) { event.preventDefault(); $("search").focus(); }
  if (event.key === "Escape") { $("details").hidden = true; $("tree").classList.remove("open"); }
});
start().catch((error) => show(error.message, true));
