// Reads one random world a line (grants, ask, our decision), says the same in Cedar, asks Cedar, and compares: permit or refuse, and which grants permit.
// usage: node compare.mjs WORLDS.jsonl   prints {"asked":n,"permitted":n,"differences":n,"first":…}
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');
const text = JSON.stringify; // names here are of letters, digits, / and -: a JSON string is a Cedar string
const set = values => `[${values.map(text).join(', ')}]`;

/** Conditions that the obligations of a grant, of the dataset or of a purpose put on an ask. */
function within(bound) {
  const says = [];
  if (bound.fields) says.push(`${set(bound.fields)}.containsAll(context.fields)`);
  if (bound.expires !== undefined) says.push(`context.now < ${bound.expires}`);
  for (const rule of bound.rows) {
    if (rule.field === 'place' && rule.test === 'under') says.push(`(!(context has area) || ${set(rule.values)}.containsAny(context.areas))`);
    if (rule.field === 'place' && rule.test === 'in') says.push(`(!(context has area) || ${set(rule.values)}.contains(context.area))`);
    if (rule.field === 'day') {
      const [low, high] = rule.days;
      says.push(`(!(context has from) || (context.from >= ${low} && context.from < ${high}))`);
      says.push(`(!(context has to) || (context.to > ${low} && context.to <= ${high}))`);
    }
  }
  return says;
}

const allows = (field, all) => all.every(bound => !bound.fields || bound.fields.includes(field));

/** Who picks rows by a field learns it: it must be granted and unmasked, or the pick must be the grant's own. */
function picks(name, field, whole, all) {
  if (allows(field, all) && all.every(bound => (bound.masks[field] ?? 0) === 0)) return 'true';
  const rules = all.flatMap(bound => bound.rows).filter(rule => rule.field === field).map(whole).filter(said => said);
  const coarse = [];
  if (field === 'place' && allows(field, all) && all[0].space > 0 && all.every(bound => [0, 2].includes(bound.masks[field] ?? 0))) {
    const digits = { 7: 0, 6: 2, 5: 4, 4: 6, 3: 9 }[Math.max(...all.map(bound => bound.space))] ?? 12;
    coarse.push(`context.digits <= ${digits}`);
  }
  return [`!(${name})`, ...rules, ...coarse].map(said => `(${said})`).join(' || ');
}

function policy(grant, world) {
  const all = [grant, world.dataset, ...world.purposes.filter(p => p.along)];
  const says = [
    `${text(grant.state)} == "active"`,
    `context.now >= ${grant.from} && context.now < ${grant.until}`,
    `${set(grant.rights)}.contains(context.right)`,
    `(context.right == "collect" || (${set(grant.modes)}.contains(context.mode) && resource.modes.contains(context.mode)))`,
    `context.purpose in Purpose::${text(grant.purpose)}`,
    `resource == Dataset::${text(grant.dataset)}`,
    `(!(context has grant) || context.grant == ${text(grant.id)})`,
    ...all.flatMap(within),
    picks('context has area', 'place', rule => rule.test === 'under' && rule.values.length === 1 && `context has area && context.area == ${text(rule.values[0])}`, all),
    picks('context has from || context has to', 'day', rule => {
      const [low, high] = rule.days;
      const edge = (key, at, open) => (at === open ? `!(context has ${key})` : `context has ${key} && context.${key} == ${at}`);
      return `${edge('from', low, world.open[0])} && ${edge('to', high, world.open[1])}`;
    }, all),
  ];
  const open = world.names.filter(field => allows(field, all));
  if (open.length === 0) says.push('!context.all');
  const who = grant.receiver === '*' ? 'principal in Departments::"any" && resource.unconditional'
    : grant.receiver === 'public' ? 'resource.open' : `principal in Department::${text(grant.receiver)}`;
  return `permit (principal, action, resource) when { ${[who, ...says].map(said => `(${said})`).join(' && ')} };`;
}

const forbids = {
  unclear: 'forbid (principal, action, resource) unless { context.clear };',
  conflict: 'forbid (principal, action, resource) when { [principal.authority, principal.auditor].containsAll([true]) && principal.authority && principal.auditor };',
  operator: 'forbid (principal, action, resource) when { principal.operator };',
  unpublished: 'forbid (principal, action, resource) unless { resource.published };',
  negative: 'forbid (principal, action, resource) when { resource.negative };',
  withheld: 'forbid (principal, action, resource) when { resource.withheld };',
  purpose: 'forbid (principal, action, resource) unless { context.purpose in Purpose::"listed" };',
  chain: 'forbid (principal, action, resource) when { context.withdrawn };',
};

const entity = (type, id) => ({ type, id });

function entities(world) {
  const { ask, dataset } = world;
  const parents = ask.department === null ? [] : [entity('Department', ask.department), entity('Departments', 'any')];
  return [
    { uid: entity('User', 'u'), attrs: { authority: ask.roles.includes('authority'), auditor: ask.roles.includes('auditor'), operator: ask.roles.includes('operator') }, parents },
    {
      uid: entity('Dataset', dataset.id), parents: [],
      attrs: { modes: dataset.modes, open: dataset.open, unconditional: dataset.unconditional, published: dataset.published, negative: dataset.negative, withheld: dataset.withheld },
    },
    ...world.purposes.map(p => ({
      uid: entity('Purpose', p.code), attrs: {},
      parents: [entity('Purpose', 'listed'), ...(p.code.includes('/') ? [entity('Purpose', p.code.slice(0, p.code.lastIndexOf('/')))] : [])],
    })),
  ];
}

let asked = 0;
let permitted = 0;
let differences = 0;
let first = null;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const world = JSON.parse(line);
  const { ask } = world;
  const context = {
    right: ask.right, mode: ask.mode, clear: ask.clear, now: world.now, fields: ask.fields ?? [], all: ask.fields === null, digits: (ask.area ?? '').length,
    purpose: { __entity: entity('Purpose', ask.purpose) },
    withdrawn: world.purposes.some(p => p.along && p.withdrawn),
  };
  for (const key of ['from', 'to', 'grant']) if (ask[key] !== null) context[key] = ask[key];
  if (ask.area !== null) {
    context.area = ask.area;
    context.areas = Array.from({ length: ask.area.length }, (_, i) => ask.area.slice(0, i + 1));
  }
  const known = ask.fields === null || ask.fields.every(field => world.names.includes(field));
  const policies = Object.fromEntries(world.grants.map((grant, i) => [`grant ${i}`, policy(grant, world)]));
  const answer = cedar.isAuthorized({
    principal: entity('User', 'u'), action: entity('Action', 'ask'), resource: entity('Dataset', ask.dataset), context,
    policies: { staticPolicies: { ...policies, ...forbids, unknown: `forbid (principal, action, resource) unless { ${known} };` } }, entities: entities(world),
  });
  asked++;
  const wrong = answer.type !== 'success' ? text(answer.errors) : judge(world, answer.response);
  if (wrong) {
    differences++;
    first ??= { line: asked, wrong, world };
  }
  if (answer.type === 'success' && answer.response.decision === 'allow') permitted++;
}

function judge(world, { decision, diagnostics }) {
  if (world.decided.permit !== (decision === 'allow')) return `we say ${text(world.decided)}, Cedar says ${decision} ${text(diagnostics)}`;
  if (decision !== 'allow') return null;
  const ids = diagnostics.reason.map(name => world.grants[Number(name.slice(6))].id).sort();
  return ids[0] === world.decided.grant ? null : `we say ${world.decided.grant}, Cedar says ${ids}`;
}

console.log(text({ asked, permitted, differences, first }));
