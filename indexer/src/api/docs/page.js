// Lists the operations of openapi.json, and asks them. Whatever comes from the server is set as text, never as markup.
"use strict";

const make = (tag, content = [], attributes = {}) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...[content].flat());
  return element;
};

const field = (parameter) => {
  const { schema } = parameter;
  const input = schema.enum
    ? make("select", ["", ...schema.enum].map((word) => make("option", word, { value: word })))
    : make("input", [], { placeholder: String(parameter.example ?? "") });
  input.name = parameter.name;
  input.required = parameter.required;
  return make("label", [make("code", parameter.name), input, make("small", parameter.description)]);
};

const ask = async (base, path, operation, form, output) => {
  const given = new FormData(form);
  const query = new URLSearchParams();
  let url = base + path;
  for (const { name, in: place } of operation.parameters) {
    const value = given.get(name);
    if (place === "path") url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") query.set(name, value);
  }
  if (query.size > 0) url += `?${query}`;
  output.textContent = `GET ${url}\n`;
  try {
    const response = await fetch(url);
    const body = await response.text();
    let shown = body;
    try { shown = JSON.stringify(JSON.parse(body), null, 2); } catch { /* CSV and JSON Lines are shown as they come. */ }
    output.textContent += `${response.status} ${response.statusText}\n\n${shown.slice(0, 100000)}`;
  } catch (error) {
    output.textContent += `no answer: ${error}`;
  }
};

const show = (base, path, operation) => {
  const output = make("pre");
  const form = make("form", [...operation.parameters.map(field), make("button", "Ask")]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(base, path, operation, form, output);
  });
  const title = make("summary", [make("code", `GET ${path}`), ` ${operation.summary}`]);
  return make("details", [title, form, output]);
};

const start = async () => {
  const about = document.getElementById("about");
  try {
    const api = await (await fetch("openapi.json")).json();
    const base = api.servers[0].url;
    const operations = Object.entries(api.paths).map(([path, { get }]) => show(base, path, get));
    document.getElementById("operations").append(...operations);
    about.replaceChildren(`${api.info.description} Version ${api.info.version}. `, make("a", "openapi.json", { href: "openapi.json" }));
  } catch (error) {
    about.textContent = `openapi.json cannot be read: ${error}`;
  }
};

start();
