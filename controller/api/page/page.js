"use strict";

// What comes from the server becomes text nodes, never markup.
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, ...children) {
  const e = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== "") e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c !== undefined && c !== ""));
  return e;
}

// show replaces what is in a place, unless it looks the same: a reader's selection and
// place stay.
function show(place, ...children) {
  const next = place.cloneNode(false);
  next.append(...children);
  if (next.innerHTML !== place.innerHTML) place.replaceChildren(...next.childNodes);
}

const seconds = (s) => (s < 1 ? `${Math.round(s * 1000)} ms` : s < 100 ? `${s.toFixed(2)} s` : `${Math.round(s)} s`);
const clock = (t) => element("time", { datetime: t }, new Date(t).toLocaleTimeString([], { hour12: false }));

function table(place, heads, rows) {
  const head = element("thead", {}, element("tr", {}, ...heads.map((h) => element("th", { scope: "col" }, h))));
  show(place, head, element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))));
}

const cell = (text, kind) => element("td", { class: kind }, String(text));

// role is what an instance is by the record, which alone decides.
function role(s, i) {
  if (i.name === s.record.main) return "main";
  if (i.name === s.record.heir) return "heir";
  if (i.name === s.record.voter) return "voter";
  if (i.health !== "up") return "away";
  return i.mode ? "replica" : i.role === "main" ? "says it is main" : "not registered";
}

// notes are what a person has to know of an instance.
function notes(s, i) {
  const list = [];
  if (i.quarantined) list.push(`data set aside: ${i.quarantined.reason}`);
  if (i.refused) list.push("its data are refused as diverged");
  if (i.unreplicated) list.push(`what it writes reaches no replica: it ${i.unreplicated}`);
  list.push(...(i.warnings || []));
  if (i.terminating) list.push("is being stopped");
  if (i.health === "up" && !i.clean) list.push("restarted: promoted as it is, it would be refused");
  if (i.out_of_pool && i.name !== s.record.main) list.push(`no reads: ${i.out_of_pool}`);
  return list.join("; ");
}

const kindOf = (s, i) => (i.health !== "up" ? "bad" : { main: "main", heir: "main", voter: "voter" }[role(s, i)] || "");

function instances(s) {
  const heads = ["Instance", "Role", "Health", "Main's word", "Behind", "Lag", "Writers", "Readers", "Notes"];
  table(byId("instances"), heads, s.instances.map((i) => [
    element("th", { scope: "row" }, i.name), cell(role(s, i), kindOf(s, i)), cell(i.health, i.health === "up" ? "" : "bad"),
    cell(i.mode ? `${i.mode} ${i.status || ""}` : "-"), cell(i.mode ? -i.behind : "-"), cell(i.mode ? seconds(i.lag_seconds) : "-"),
    cell((i.sessions || {}).rw || 0), cell((i.sessions || {}).ro || 0), cell(notes(s, i), "wide soft"),
  ]));
}

function gateways(s) {
  const heads = ["Gateway", "State", "Leads to", "Logins", "Connections", "Held", "Cut", "Epoch carried out"];
  table(byId("gateways"), heads, s.gateways.map((g) => {
    const state = !g.running ? "does not run" : g.silenced ? "silent: out of touch" : g.flow;
    const logins = g.counters.logins || {};
    const kept = (logins.refused || 0) + (logins.no_main || 0);
    const cut = Object.values(g.counters.cut || {}).reduce((a, b) => a + b, 0);
    return [
      element("th", { scope: "row" }, g.name === "rw" ? "write" : "read"), cell(state, state === "open" ? "" : "warn"),
      cell((g.upstreams || []).map((u) => `${nameOf(s, u.address)} (${u.sessions})`).join(", ") || "nobody", "wide"),
      cell(g.checks_logins ? `checked, ${kept} refused` : g.name === "rw" ? "the main's own" : "not checked"),
      cell(g.sessions), cell(g.held, g.held ? "warn" : ""), cell(cut), cell(`${g.applied} of ${g.epoch}`, g.applied === g.epoch ? "" : "warn"),
    ];
  }));
}

const nameOf = (s, address) => (s.instances.find((i) => i.bolt === address) || { name: address }).name;

// served adds up what the gateways of one name serve. A controller that has ended serves
// nobody, whatever it said last.
const served = (list, name) => list.filter((c) => !c.gone).flatMap((c) => c.gateways || []).filter((g) => g.gateway === name)
  .reduce((sum, g) => ({ sessions: sum.sessions + g.sessions, held: sum.held + g.held }), { sessions: 0, held: 0 });
const connections = ({ sessions, held }) => `${sessions}${held ? ` and ${held} held` : ""}`;

function controllers(s) {
  const heads = ["Controller", "Part", "State", "Writers", "Readers", "Epoch", "Carried out", "Last heard"];
  const all = `Connections through all gateways: writing ${connections(served(s.controllers, "rw"))}, reading ${connections(served(s.controllers, "ro"))}.`;
  if (byId("clients").textContent !== all) byId("clients").textContent = all;
  table(byId("controllers"), heads, s.controllers.map((c) => {
    const down = (c.gateways || []).filter((g) => !g.running).map((g) => (g.gateway === "rw" ? "write" : "read"));
    const state = c.gone ? "ended" : down.length ? `${down.join(" and ")} gateway does not run` : c.silenced ? "gateways silent: out of touch" : c.answered ? "up" : "not heard yet";
    const of = (name) => cell(!c.gone && (c.gateways || []).some((g) => g.gateway === name) ? connections(served([c], name)) : "-");
    const age = c.answered ? `${seconds(Math.max(0, (Date.parse(s.time) - Date.parse(c.answered)) / 1000))} ago` : "-";
    return [
      element("th", { scope: "row" }, c.name), cell([c.name === s.leader && "leads", c.name === s.controller && "this page"].filter(Boolean).join(", ") || "-"),
      cell(state, state === "up" ? "" : "warn"), of("rw"), of("ro"), cell(c.epoch || "-"), cell(c.applied || "-"), cell(c.name === s.controller ? "now" : age),
    ];
  }));
}

// topology draws gateways on the left, the main in the middle and the replicas on the
// right. Its facts are in the tables too, which a screen reader is better off with.
function topology(s) {
  const main = s.instances.find((i) => i.name === (s.record.main || s.record.heir));
  const others = s.instances.filter((i) => i !== main);
  const step = 62, height = Math.max(190, others.length * step + 20), middle = height / 2;
  const place = (i) => (i === main ? { x: 330, y: middle } : { x: 640, y: 10 + step / 2 + others.indexOf(i) * step + (height - 20 - others.length * step) / 2 });
  const drawing = element("svg:svg", { viewBox: `0 0 840 ${height}`, role: "img", "aria-label": spoken(s) });
  const curve = (a, b, kind) => drawing.append(element("svg:path", { class: kind, d: `M${a.x} ${a.y} C${(a.x + b.x) / 2} ${a.y} ${(a.x + b.x) / 2} ${b.y} ${b.x} ${b.y}` }));
  const write = { x: 170, y: middle - 45 }, read = { x: 170, y: middle + 45 };
  const left = (i) => ({ x: place(i).x, y: place(i).y }), right = (i) => ({ x: place(i).x + 180, y: place(i).y });
  for (const i of others) {
    if (i.in_read_pool) curve(read, left(i), "reads");
    if (main && i.mode) curve(right(main), left(i), i.name === s.record.voter ? "votes" : "follows");
  }
  if (main && s.routing.gate === "open") curve(write, left(main), "flows");
  if (main && main.in_read_pool) curve(read, left(main), "reads");
  const box = (x, y, kind, title, ...lines) => drawing.append(element("svg:g", { class: kind },
    element("svg:rect", { x, y: y - 26, width: 170 + (x > 200 ? 10 : -10), height: 52, rx: 8 }),
    element("svg:text", { x: x + 12, y: y - 5, "font-weight": "600" }, title),
    element("svg:text", { x: x + 12, y: y + 14, class: "soft" }, lines.filter(Boolean).join(", "))));
  const [rw, ro] = [s.gateways[0], s.gateways[1]];
  box(10, write.y, rw.silenced || !rw.running ? "bad" : "", "write gateway", rw.silenced ? "silent" : s.routing.gate, `${rw.sessions} conn.`, rw.held ? `${rw.held} held` : "");
  if (ro) box(10, read.y, ro.running ? "" : "bad", "read gateway", `${ro.sessions} conn.`, ro.held ? `${ro.held} held` : "");
  for (const i of s.instances) {
    const at = place(i);
    box(at.x, at.y, kindOf(s, i), i.name, role(s, i), i.health === "up" ? (i.mode ? (i.behind ? `${-i.behind} behind` : "in sync") : "") : i.health);
  }
  show(byId("topology"), drawing);
}

function spoken(s) {
  const r = s.record, replicas = s.instances.filter((i) => i.name !== r.main).map((i) => `${i.name} is ${role(s, i)}, ${i.health}`);
  return `${r.main ? `${r.main} is the main` : "there is no main"}; ${replicas.join("; ")}.`;
}

function verdict(s) {
  const r = s.record, gate = s.routing.gate;
  if (s.paused) return ["held", `Automatic actions are paused until ${new Date(s.paused.until).toLocaleTimeString([], { hour12: false })}`];
  if (gate === "open" && r.voter) return ["", `${r.main} takes writes, ${r.voter} votes`];
  if (gate === "open") return ["bad", `${r.main} takes writes WITHOUT A VOTER: its loss would lose writes`];
  return [gate === "paused" ? "held" : "bad", `${r.plan || "no plan"}: writers ${gate === "paused" ? "are paused" : "wait"}${r.heir ? `, ${r.heir} is to be the main` : ""}`];
}

function state(s) {
  const [kind, text] = verdict(s);
  byId("state").className = kind;
  for (const [id, words] of [["verdict", text], ["reason", s.routing.decision.reason], ["leader", `memgraph-controller ${s.version}, ${s.leader ? `${s.leader} leads` : "nobody leads"}, epoch ${s.epoch}`]]) {
    if (byId(id).textContent !== words) byId(id).textContent = words;
  }
}

function failovers(list) {
  show(byId("failovers"), ...[...list].reverse().map((f) => {
    const phases = f.phases || [], all = phases.reduce((sum, p) => sum + p.duration_seconds, 0);
    const css = (p) => (p.name === "voter" ? "voting" : p.name);
    const bar = element("div", { class: "bar", "aria-hidden": "true" }, ...phases.map((p) => {
      const part = element("span", { class: css(p) });
      part.style.flexGrow = p.duration_seconds * 1000; // shares that add up to less than 1 leave room
      return part;
    }));
    const words = element("div", { class: "phases" }, ...phases.map((p) => element("span", {}, element("i", { class: css(p), "aria-hidden": "true" }), `${p.name.replace("_", " ")} ${seconds(p.duration_seconds)}`)));
    const evidence = (f.evidence || []).length ? element("details", {}, element("summary", {}, "evidence"), element("ul", { class: "evidence" }, ...f.evidence.map((e) => element("li", {}, e)))) : "";
    const title = `${f.kind} (${f.reason}) ${f.from || "nobody"} → ${f.to || "?"}: ${f.result || "going on"}, ${seconds(all)}, ${f.sessions_cut} cut, ${f.held} held`;
    return element("li", {}, clock(f.started), title, bar, words, evidence);
  }));
  if (!list.length) show(byId("failovers"), element("li", { class: "soft" }, "None since this controller started."));
}

function events(s) {
  show(byId("events"), ...[...s.transitions].reverse().slice(0, 30).map((t) => element("li", {}, clock(t.time), `${t.kind}: ${t.text}`)));
}

// kubernetes shows what is told of the databases there, whoever led at the time. On one
// machine there is no Kubernetes, and no part of the page for it.
function kubernetes(list) {
  byId("kubernetes-section").hidden = !list.length;
  show(byId("kubernetes"), ...[...list].reverse().slice(0, 30).map((e) => element("li", {}, clock(e.time),
    element("span", { class: e.warning ? "warn" : "" }, `${e.object} ${e.reason}`), `: ${e.text}${e.count > 1 ? ` (${e.count} times)` : ""}`)));
}

function draw({ status, failovers: list, events: told }) {
  state(status);
  topology(status);
  instances(status);
  gateways(status);
  controllers(status);
  failovers(list);
  events(status);
  kubernetes(told || []);
}

// The browser connects again by itself; what is shown meanwhile is old, and says so.
const source = new EventSource("/api/v1/events");
const link = (text, kind) => { byId("link").textContent = text; byId("link").className = kind; };
source.addEventListener("state", (e) => { draw(JSON.parse(e.data)); link("live", ""); });
source.addEventListener("error", () => link("out of touch with this controller: what you see is old; trying again", "bad"));
