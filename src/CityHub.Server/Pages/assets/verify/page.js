// What the reader gives, and what is said of it. Texts of others are shown as text, without letters that hide or turn it.
'use strict';

const clean = text => String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
const make = (name, ...children) => {
  const element = document.createElement(name);
  element.append(...children);
  return element;
};
/** Both languages; the style sheet shows one. */
const say = (en, zh) => {
  const both = document.createDocumentFragment();
  for (const [lang, text] of [['en', en], ['zh-CN', zh]]) {
    const span = make('span', clean(text));
    span.lang = lang;
    both.append(span);
  }
  return both;
};
const classed = (element, name) => {
  element.className = name;
  return element;
};
const theirs = text => make('bdi', clean(text));

function moment(milliseconds) {
  const when = new Date(milliseconds);
  if (Number.isNaN(when.getTime())) return theirs(milliseconds);
  const local = lang => new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'medium' }).format(when);
  const zone = lang => new Intl.DateTimeFormat(lang, { timeZoneName: 'short' }).formatToParts(when).find(part => part.type === 'timeZoneName').value;
  const time = make('span', say(`${local('en')} (${zone('en')})`, `${local('zh-CN')}（${zone('zh-CN')}）`));
  time.append(classed(make('span', when.toISOString().replace(/\.000Z$/, 'Z').replace('T', ' ').replace('Z', ' UTC')), 'utc'));
  return time;
}

const given = { receipt: null, policy: null, opening: null, entry: null };
const $ = id => document.getElementById(id);

function set(which, bytes, note) {
  given[which] = bytes;
  $(which + '-now').replaceChildren(note ?? '');
  document.querySelector(`[data-input=${which}]`).classList.toggle('there', bytes !== null);
  check();
}

async function take(which, file) {
  if (!file) return set(which, null);
  if ($(which + '-text')) $(which + '-text').value = '';
  try {
    set(which, new Uint8Array(await file.arrayBuffer()), say(`${file.name}, ${file.size} bytes`, `${file.name}，${file.size} 字节`));
  } catch {
    set(which, null, say(`${file.name} could not be read. Copy it to this device and choose it again.`, `无法读取 ${file.name}。请复制到本机后重新选择。`));
  }
}

/** A file dropped beside the boxes goes to where it belongs. */
async function guess(file) {
  const head = new TextDecoder().decode(await file.slice(0, 100000).arrayBuffer());
  take(/^(PK|c2sp\.org\/tlog-proof|cityhub\/tlog-proof)/.test(head) ? 'receipt' : /^quorum[ \t]/m.test(head) ? 'policy' : file.name.endsWith('.json') ? 'entry' : file.name.endsWith('.bin') ? 'opening' : 'receipt', file);
}

function check() {
  const verdict = $('verdict'), details = $('details'), result = $('result');
  details.replaceChildren();
  if (!given.receipt || !given.policy) {
    result.dataset.state = 'waiting';
    verdict.replaceChildren(make('p', !given.receipt && !given.policy ? say('Give the receipt (or the evidence) and the policy.', '请提供回执（或证据包）和策略。')
      : given.receipt ? say('Now the policy: whom do you trust?', '还需要策略：您信任谁？') : say('Now the receipt or the evidence.', '还需要回执或证据包。')));
    return;
  }
  try {
    const proven = isBundle(given.receipt) ? verifyBundle(given.receipt, given.policy) : verify(given.receipt, given.policy, given.entry, given.opening);
    const many = proven.records.length;
    result.dataset.state = 'proven';
    verdict.replaceChildren(classed(make('strong', '✓ ', say('Proven', '已证实')), 'verdict'),
      make('p', many === 1 ? say('This record stands in the log, unchanged, and those whom you trust have seen the log with it.', '这条记录在日志中，未被改动；您信任的见证方已见证包含它的日志。')
        : say(`These ${many} records stand in the log, unchanged, and those whom you trust have seen the log with them.`, `这 ${many} 条记录在日志中，未被改动；您信任的见证方已见证包含它们的日志。`)));
    if (!proven.seen.some(one => one.at !== null))
      verdict.lastChild.replaceChildren(say('What is here stands in the log, unchanged. But no witness vouches for it: only the log itself does.', '所示内容在日志中，未被改动。但没有见证方作证：只有日志自己的签名。'));
    explain(proven, details);
  } catch (e) {
    const refusal = e instanceof Refusal ? e : new Refusal(['The page has failed: ' + e.message, '本页出错：' + e.message], ['Check with: cityhub verify.', '请用 cityhub verify 验证。']);
    result.dataset.state = 'refused';
    verdict.replaceChildren(classed(make('strong', '✕ ', say('Not proven', '未证实')), 'verdict'),
      classed(make('p', say(...refusal.why)), 'why'), make('p', make('b', say('What to do: ', '怎么办：')), say(...refusal.then)));
    if (refusal.seen) witnesses(refusal.seen, details);
  }
  // Not away from under somebody who types.
  if (document.activeElement?.tagName !== 'TEXTAREA') result.scrollIntoView({ block: 'nearest' });
}

/** A page with more would only be slow; all are checked. */
const mostShown = 200;

function described({ proof, record, fact, opening }, log, unchecked) {
  const list = make('dl'), parts = [list];
  const row = (en, zh, ...value) => list.append(make('dt', say(en, zh)), make('dd', ...value));
  if (fact) {
    row('What happened', '事件', theirs(fact.type));
    row('When, as the log says', '时间（日志所述）', moment(fact.at));
    row('Stream', '所属流', theirs(fact.stream), ' · ', say(`number ${fact.version} there`, `其中第 ${fact.version} 条`));
    if (fact.subjects?.length) row('About', '涉及', say(`${fact.subjects.length} person(s), who are not named`, `${fact.subjects.length} 人（不具名）`));
  }
  row('Log', '日志', theirs(log.name), ` · ${proof.hash}`, ...unchecked.map(key => classed(make('span', say(`Its ${key.kind.name} is not checked here.`, `其 ${key.kind.name} 签名本页不验证。`)), 'utc')));
  row('Place in the log', '日志中的位置', say(`${proof.index + 1n} of ${proof.checkpoint.size}`, `第 ${proof.index + 1n} 条，共 ${proof.checkpoint.size} 条`));
  if (opening) {
    parts.push(make('h4', say('The content: byte for byte what was recorded', '内容：与记录时逐字节一致')));
    const bytes = opening.subarray(32);
    try {
      parts.push(make('pre', theirs(new TextDecoder('utf-8', { fatal: true }).decode(bytes))));
    } catch {
      parts.push(make('p', say(`${bytes.length} bytes that are not text`, `${bytes.length} 字节，非文本`)));
    }
  }
  parts.push(make('details', make('summary', say('The record as it stands in the log', '日志中的记录原文')), make('pre', theirs(new TextDecoder().decode(record)))));
  return parts;
}

function explain({ records, log, unchecked, seen, english, chinese }, to) {
  if (records.length === 1) to.append(make('h3', say('The record', '记录')), ...described(records[0], log, unchecked));
  else {
    to.append(make('h3', say(`The ${records.length} records`, `${records.length} 条记录`)));
    for (const one of records.slice(0, mostShown))
      to.append(make('details', make('summary', say(`${one.proof.index + 1n}: `, `第 ${one.proof.index + 1n} 条：`), theirs(one.fact.type), ' · ', theirs(one.fact.at)), ...described(one, log, unchecked)));
    if (records.length > mostShown) to.append(make('p', say(`And ${records.length - mostShown} more, checked as these are.`, `另有 ${records.length - mostShown} 条，同样已验证。`)));
  }
  witnesses(seen, to);
  if (english !== undefined) {
    const words = make('details', make('summary', say('What the maker of the bundle says of it (nobody vouches for these words)', '证据包制作者的说明（无人为此作证）')));
    for (const [lang, text] of [['en', english], ['zh-CN', chinese]]) {
      const part = make('span', ...text.split('\n').flatMap(line => [clean(line), make('br')]));
      part.lang = lang;
      words.append(part);
    }
    to.append(words);
  }
  const not = classed(make('ul'), 'plain');
  const point = (en, zh) => not.append(make('li', say(en, zh)));
  point('that what was recorded is true;', '所记录的内容属实；');
  point('that it happened at the time above: that is the log’s word. The witnesses say only: not later than their time;', '事件确实发生在上述时间：那是日志的说法，见证方只证明不晚于其见证时间；');
  point('that nothing was left out.', '没有遗漏任何事情。');
  if (records.some(one => one.fact && !one.opening))
    point('Nor what the content is where none is shown: the record holds only a hash of it.' + (english === undefined ? ' Give the content above to check it.' : ''),
      '以及未显示的内容是什么：记录中只有其哈希。' + (english === undefined ? '可在上方提供内容进行核对。' : ''));
  to.append(make('h3', say('This does not prove', '这不能证明')), not);
}

function witnesses(seen, to) {
  if (!seen.length) return;
  const count = seen.filter(one => one.at !== null).length;
  const list = make('ul');
  for (const { name, key, at, unchecked } of seen) {
    const item = make('li', classed(make('b', at !== null ? '✓' : unchecked ? '?' : '–'), at !== null ? 'yes' : ''), theirs(name), ' (', theirs(key.name), '): ');
    if (at !== null) item.append(say('saw it at ', '见证于 '), at < 8640000000000n ? moment(Number(at) * 1000) : `${at} s`);
    else if (unchecked) item.append(say(`has signed with ${key.kind.name}: not checked here, not counted`, `以 ${key.kind.name} 签名：本页不验证，不计入`));
    else item.append(say('has not signed', '没有签名'));
    list.append(item);
  }
  to.append(make('h3', say(`Witnesses: ${count} of the ${seen.length} that your policy knows have signed`, `见证方：您的策略中 ${seen.length} 个，已签名 ${count} 个`)), list);
}

function speak(language) {
  document.documentElement.lang = language;
  document.title = language === 'en' ? 'Check evidence · CityHub 城枢' : '验证证据 · CityHub 城枢';
}

if (location.protocol === 'file:') {
  for (const one of document.querySelectorAll('[data-hub]')) one.hidden = true;
  for (const one of document.querySelectorAll('[data-saved]')) one.hidden = false;
}
speak(navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');
$('language').addEventListener('click', () => speak(document.documentElement.lang === 'en' ? 'zh-CN' : 'en'));
for (const box of document.querySelectorAll('[data-input]')) {
  const which = box.dataset.input;
  $(which + '-file').addEventListener('change', event => take(which, event.target.files[0]));
  $(which + '-text')?.addEventListener('input', event => {
    // What was copied from a screen has often lost its last newline.
    const text = event.target.value.replace(/\r\n/g, '\n');
    $(which + '-file').value = '';
    set(which, text.trim() ? utf8(text.endsWith('\n') ? text : text + '\n') : null);
  });
}
document.addEventListener('dragover', event => {
  event.preventDefault();
  for (const box of document.querySelectorAll('.drop')) box.classList.toggle('over', box.contains(event.target));
});
document.addEventListener('drop', event => {
  event.preventDefault();
  for (const box of document.querySelectorAll('.drop')) box.classList.remove('over');
  const files = [...event.dataTransfer.files], box = event.target.closest?.('[data-input]');
  if (box && files.length === 1) take(box.dataset.input, files[0]);
  else files.forEach(guess);
});
check();
