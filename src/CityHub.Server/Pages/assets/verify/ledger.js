// Receipts (c2sp.org/tlog-proof), signed notes, checkpoints, witness policies: the same rules, in the same order, as the C# of CityHub.Ledger.

/** A reason and a way forward, in both languages: [English, Chinese]. */
class Refusal extends Error {
  constructor(why, then) {
    super(why[0]);
    this.why = why;
    this.then = then;
  }
}
const refuse = (en, zh, then = changed) => { throw new Refusal([en, zh], then); };
const changed = ['The file was changed or cut after it was made. Ask for it again, as a file, not as text in a message.', '文件在生成后被改动或截断。请以文件形式（不要以消息文字形式）重新索取。'];
const noTrust = ['Do not rely on this receipt. Keep the file, and tell whoever gave you the policy.', '请不要采信这份回执。保留该文件，并告知给您策略的人。'];
const fixPolicy = ['Ask for the policy again, from somebody whom you trust.', '请向您信任的人重新索取策略文件。'];

const shown = text => `"${text.length > 80 ? [...text].slice(0, 80).join('') + '…' : text}"`;
const keyName = name => name.length > 0 && !/[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(name);
const number = text => /^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) < 1n << 63n ? BigInt(text) : null;

/** The bytes, or null where the text is not their one form. */
function base64(text) {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4) return null;
  const decoded = atob(text);
  return btoa(decoded) === text ? Uint8Array.from(decoded, c => c.charCodeAt(0)) : null;
}
const hashOf = text => text.length === 44 ? base64(text) : null;

function decode(bytes) {
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse('This text is not valid UTF-8.', '文本不是有效的 UTF-8。');
  }
  const control = /[\u0000-\u0009\u000b-\u001f]/.exec(text);
  if (control) {
    const code = 'U+' + control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    refuse(`The text has the control character ${code}; only newlines are allowed.`, `文本中有控制字符 ${code}；只允许换行符。`,
      ['An editor or a mail program has changed the file. Ask for it again, as an attachment.', '编辑器或邮件程序改动了文件。请以附件形式重新索取。']);
  }
  return text;
}

const hashes = { 'SHA-256': sha256, SM3: sm3 };
/** What a key signs and how it is checked. A kind without a check is shown and never counted. */
const kinds = [
  { name: 'Ed25519', prefix: [1], hash: 'SHA-256', timed: false, good: key => key.length === 32 && readKey(key), check: ed25519 },
  { name: 'Ed25519 cosignature', prefix: [4], hash: 'SHA-256', timed: true, good: key => key.length === 32 && readKey(key), check: ed25519 },
  { name: 'ML-DSA-44 cosignature', prefix: [6], hash: 'SHA-256', timed: true, good: key => key.length === 1312 },
  { name: 'SM2', prefix: [0xff, ...utf8('cityhub/sm2-with-sm3/v1\n')], hash: 'SM3', timed: false, good: sm2.read, check: sm2.check },
  { name: 'SM2 cosignature', prefix: [0xff, ...utf8('cityhub/sm2-with-sm3-cosignature/v1\n')], hash: 'SM3', timed: true, good: sm2.read, check: sm2.check },
];

function verifierKey(text) {
  const [name, id, ...rest] = text.split('+');
  const material = base64(rest.join('+'));
  if (!rest.length || !keyName(name) || !material)
    refuse(`${shown(text)} is not a verifier key (name+id+base64).`, `${shown(text)} 不是验证公钥（name+id+base64）。`, fixPolicy);
  const right = hex(sha256(join(utf8(name), [10], material)).subarray(0, 4));
  if (id !== right)
    refuse(`The key id of ${shown(name)} should be ${right}: name, id and key do not belong together.`, `${shown(name)} 的公钥编号应为 ${right}：名称、编号和公钥不一致。`, fixPolicy);
  const kind = kinds.find(one => one.prefix.every((byte, i) => material[i] === byte));
  if (!kind)
    refuse(`The key of ${shown(name)} is of a kind that is not known here.`, `${shown(name)} 的公钥类型在此未知。`, fixPolicy);
  const bytes = material.subarray(kind.prefix.length);
  if (!kind.good(bytes))
    refuse(`The key of ${shown(name)} is not a good ${kind.name} key.`, `${shown(name)} 的公钥不是合格的 ${kind.name} 公钥。`, fixPolicy);
  return { name, id, kind, bytes, checked: kind.check !== undefined };
}

/** A signed text: everything up to the last empty line, then one line for each signature. */
function signedNote(text) {
  const split = text.lastIndexOf('\n\n');
  if (split < 0 || !text.endsWith('\n') || split + 2 === text.length)
    refuse('The end of the receipt is missing: a signed text, an empty line, and signature lines.', '回执不完整：应有签名文本、一个空行和签名行。');
  const signatures = text.slice(split + 2, -1).split('\n').map(line => {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const bytes = encoded && base64(encoded);
    if (!name || !keyName(name) || !bytes || bytes.length < 5)
      refuse(`This is not a signature line: ${shown(line)}.`, `这不是签名行：${shown(line)}。`);
    return { name, id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
  });
  if (signatures.length > 100) refuse('The receipt has more than 100 signatures.', '回执的签名超过 100 个。');
  return { body: text.slice(0, split + 1), signatures };
}

function checkpoint(body) {
  const lines = body.split('\n');
  const size = number(lines[1] ?? ''), root = hashOf(lines[2] ?? '');
  if (lines.length !== 4 || lines[3] !== '' || !lines[0] || size === null || !root)
    refuse('What is signed is not a checkpoint: three lines with the name of the log, its size and its root.', '被签名的不是检查点：应为三行，即日志名称、大小和根哈希。');
  return { origin: lines[0], size, root };
}

function receipt(bytes) {
  if (bytes.length > 1 << 20) refuse('The file is larger than any receipt.', '文件过大，不是回执。', ['Choose the receipt itself.', '请选择回执文件本身。']);
  const text = decode(bytes), split = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(split, 0)).split('\n');
  const hash = { 'c2sp.org/tlog-proof@v1': 'SHA-256', 'cityhub/tlog-proof-sm3@v1': 'SM3' }[lines[0]];
  if (!hash)
    refuse(`This is not a receipt: the first line of a receipt is c2sp.org/tlog-proof@v1; here it is ${shown(text.split('\n')[0])}.`,
      `这不是回执：回执的第一行是 c2sp.org/tlog-proof@v1，而这里是 ${shown(text.split('\n')[0])}。`,
      ['Choose the file that ends in .tlog-proof.', '请选择以 .tlog-proof 结尾的文件。']);
  let at = 1, extra = null;
  if (lines[at]?.startsWith('extra ')) extra = base64(lines[at++].slice(6)) ?? refuse('The record in this receipt is not base64.', '回执中的记录不是 base64。');
  const index = lines[at]?.startsWith('index ') ? number(lines[at].slice(6)) : null;
  if (index === null) refuse('The receipt does not say the number of the record.', '回执没有写明记录的序号。');
  const path = lines.slice(at + 1).map((line, i) => hashOf(line)
    ?? refuse(`Line ${at + i + 2} of the receipt is not a hash of 32 bytes.`, `回执第 ${at + i + 2} 行不是 32 字节的哈希。`));
  if (path.length > 63) refuse('The receipt has more than 63 hashes.', '回执的哈希超过 63 个。');
  const note = signedNote(text.slice(split + 2));
  return { hash, extra, index, path, note, checkpoint: checkpoint(note.body) };
}

/** RFC 9162, 2.1.3.2. */
function included(hash, size, index, leaf, path, root) {
  if (index >= size) return false;
  let at = index, last = size - 1n, running = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      running = hash(join([1], sibling, running));
      for (; !(at & 1n) && at !== 0n; at >>= 1n) last >>= 1n;
    } else running = hash(join([1], running, sibling));
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(running, root);
}
