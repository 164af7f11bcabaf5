// Shows /openapi/v1.json and lets each operation be tried. Text goes in as text nodes only, never as HTML.
const access = document.getElementById('access');
const place = document.getElementById('operations');
const found = document.getElementById('found');
const words = place.dataset;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function field(label, name, input = 'input') {
  const made = element(input, { name, autocomplete: 'off', spellcheck: 'false' });
  return element('label', {}, label, made);
}

async function attempt(form, path, method, parameters, types) {
  const values = new FormData(form);
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const p of parameters) {
    const value = values.get(`p:${p.in}:${p.name}`);
    if (p.in === 'path') target = target.replace(`{${p.name}}`, encodeURIComponent(value));
    else if (value && p.in === 'query') query.append(p.name, value);
    else if (value) headers[p.name] = value;
  }
  const token = new FormData(access).get('token');
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = values.get('body');
  if (body) headers['Content-Type'] = values.get('type') || types[0];
  const out = form.querySelector('output');
  const url = query.size ? `${target}?${query}` : target;
  try {
    const answer = await fetch(url, { method, headers, body: body || undefined });
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it came */ }
    const pre = element('pre', { tabindex: '0' }, `${method} ${url}\n${answer.status} ${answer.statusText}\n${[...answer.headers].map(([k, v]) => `${k}: ${v}`).join('\n')}\n\n${shown.slice(0, 200000)}`);
    out.replaceChildren(pre);
  } catch (failure) {
    out.replaceChildren(`${words.noAnswer} ${failure.message}`);
  }
}

function operation(path, method, about) {
  const parameters = about.parameters ?? [];
  const types = Object.keys(about.requestBody?.content ?? {});
  const needs = about.security?.[0]?.bearer?.[0];
  const box = element('details', { 'data-text': `${method} ${path} ${about.summary ?? ''} ${about.operationId ?? ''}`.toLowerCase() });
  box.append(element('summary', {}, element('span', { class: 'method' }, method), element('code', {}, path), ' ', element('span', { class: 'summary' }, about.summary ?? '')));
  box.addEventListener('toggle', () => {
    if (!box.open || box.querySelector('form')) return;
    const form = element('form');
    if (about.description) form.append(element('p', {}, about.description));
    form.append(element('p', { class: 'small' }, needs ? `${words.needs} ${needs}` : words.public));
    for (const p of parameters) form.append(field(`${p.name} (${p.in})${p.description ? ': ' + p.description : ''}`, `p:${p.in}:${p.name}`));
    if (types.length) {
      const type = field('Content-Type', 'type');
      type.querySelector('input').value = types[0];
      form.append(type, field(words.body, 'body', 'textarea'));
    }
    form.append(element('button', { type: 'submit' }, words.try), element('output', { 'aria-live': 'polite' }));
    form.addEventListener('submit', (event) => { event.preventDefault(); attempt(form, path, method, parameters, types); });
    box.append(form);
  });
  return box;
}

function find() {
  const asked = (new FormData(access).get('find') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const box of place.querySelectorAll('details')) {
    box.hidden = !asked.every((w) => box.dataset.text.includes(w));
    if (!box.hidden) count++;
  }
  found.textContent = count ? `${count} ${found.dataset.addresses}` : found.dataset.nothing;
  for (const group of place.querySelectorAll('section')) group.hidden = !group.querySelector('details:not([hidden])');
}

async function show() {
  const api = await (await fetch('/openapi/v1.json')).json();
  const groups = new Map(api.tags.map((t) => [t.name, []]));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, about] of Object.entries(methods)) {
      const tag = about.tags?.[0] ?? 'Other';
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method.toUpperCase(), about));
    }
  }
  for (const [tag, operations] of groups) if (operations.length) place.append(element('section', {}, element('h2', {}, tag), ...operations));
  place.setAttribute('aria-busy', 'false');
  find();
}

access.addEventListener('submit', (event) => event.preventDefault());
access.addEventListener('input', find);
show().catch((failure) => place.replaceChildren(`${words.unreadable} ${failure.message}`));
