// Evidence bundles: a zip in one form only (members stored one after the other, no dates, no comments), as CityHub.Ledger writes it.

const crcTable = Uint32Array.from({ length: 256 }, (_, i) => {
  for (let bit = 0; bit < 8; bit++) i = i & 1 ? 0xedb88320 ^ (i >>> 1) : i >>> 1;
  return i;
});
const crc32 = bytes => {
  let crc = -1;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** The members by name. What another program packed is refused: readers of zip files disagree about the odd ones. */
function unzip(bytes) {
  const bad = () => refuse('This bundle is damaged, or another program has packed it.', '证据包已损坏，或被其他程序重新打包。',
    ['Use the zip as it was received, byte by byte. What was unpacked is checked with: sh verify.sh', '请使用收到时的原始 zip 文件。解包后的文件请用 sh verify.sh 验证。']);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const members = new Map(), seen = new Set(), central = [];
  let at = 0;
  const header = (size, fields) => {
    const made = new DataView(new ArrayBuffer(size));
    for (const [offset, width, value] of fields) made[width === 2 ? 'setUint16' : 'setUint32'](offset, value, true);
    return new Uint8Array(made.buffer);
  };
  const expect = part => {
    if (at + part.length > bytes.length || !same(part, bytes.subarray(at, at + part.length))) bad();
    at += part.length;
  };
  while (at + 30 <= bytes.length && view.getUint32(at, true) === 0x04034b50) {
    const start = at, length = view.getUint32(at + 18, true), nameLength = view.getUint16(at + 26, true);
    if (at + 30 + nameLength + length > bytes.length) bad();
    const letters = bytes.subarray(at + 30, at + 30 + nameLength), content = bytes.subarray(at + 30 + nameLength, at + 30 + nameLength + length);
    const name = String.fromCharCode(...letters), crc = crc32(content);
    if (name.length > 120 || !/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(name) || seen.has(name.toLowerCase())) bad();
    seen.add(name.toLowerCase());
    members.set(name, content);
    const common = from => [[from + 2, 2, 0x21], [from + 4, 4, crc], [from + 8, 4, length], [from + 12, 4, length], [from + 16, 2, nameLength]];
    expect(header(30, [[0, 4, 0x04034b50], [4, 2, 10], ...common(10)]));
    at += nameLength + length;
    central.push(header(46, [[0, 4, 0x02014b50], [4, 2, 0x030a], [6, 2, 10], ...common(12), [38, 4, 0x81a40000], [42, 4, start]]), letters);
  }
  const start = at;
  central.forEach(expect);
  expect(header(22, [[0, 4, 0x06054b50], [8, 2, members.size], [10, 2, members.size], [12, 4, at - start], [16, 4, start]]));
  if (at !== bytes.length || !members.size) bad();
  return members;
}

const isBundle = bytes => bytes.length > 1 && bytes[0] === 0x50 && bytes[1] === 0x4b;

/** Every record of a bundle, and the one checkpoint under which they all stand. */
function verifyBundle(bytes, policyBytes) {
  if (bytes.length > 64 << 20) refuse('An evidence bundle has at most 64 MiB.', '证据包最大 64 MiB。', ['Ask for several smaller ones.', '请索取多个较小的证据包。']);
  const members = unzip(bytes), trusted = policy(policyBytes);
  const member = name => members.get(name) ?? refuse(`${name} is missing in this bundle.`, `证据包中缺少 ${name}。`);
  const sums = decode(member('SHA256SUMS'));
  const right = [...members].filter(([name]) => name !== 'SHA256SUMS').map(([name, content]) => `${hex(sha256(content))}  ${name}\n`).join('');
  if (sums !== right) refuse('A member of this bundle is not as SHA256SUMS lists it.', '证据包中有成员与 SHA256SUMS 不符。');

  const text = decode(member('checkpoint')), note = signedNote(text), head = checkpoint(note.body);
  const records = [];
  for (const [name, content] of members) {
    if (!name.startsWith('receipts/')) continue;
    const [, digits] = /^receipts\/([0-9]+)\.tlog-proof$/.exec(name) ?? [];
    const own = digits && number(digits);
    if (!own) refuse(`${name} is not named as a receipt is.`, `${name} 的名称不是回执的名称。`);
    const proof = receipt(content), fact = proof.extra && leaf(proof.extra);
    if (!fact || proof.index + 1n !== own || !same(utf8(text), content.subarray(content.length - utf8(text).length)) || !same(member(`leaves/${own}.json`), proof.extra))
      refuse(`${name} is of another record or another checkpoint than this bundle says.`, `${name} 与证据包中的记录或检查点不符。`);
    records.push({ proof, record: proof.extra, fact, opening: members.get(`openings/${own}.bin`) ?? null });
  }
  if (!records.length) refuse('There is no receipt in this bundle.', '证据包中没有回执。');
  for (const name of members.keys()) {
    if (!/^(README\.(en|zh)\.txt|facts\.(en|zh)\.txt|checkpoint|policy|verify\.sh|SHA256SUMS|(keys|signatures|leaves|openings|receipts)\/[^/]+)$/.test(name))
      refuse(`${name} does not belong to a bundle.`, `${name} 不属于证据包。`);
    const [, own] = /^(?:leaves|openings)\/(.*)\.(?:json|bin)$/.exec(name) ?? [];
    if (/^(leaves|openings)\//.test(name) && !members.has(`receipts/${own}.tlog-proof`)) refuse(`${name} has no receipt.`, `${name} 没有对应的回执。`);
  }

  if (records.some(one => one.proof.hash !== records[0].proof.hash)) refuse('The receipts of this bundle are of two trees.', '证据包中的回执属于两棵树。');
  const word = witnessed(note, head, trusted, records[0].proof.hash);
  for (const one of records) prove(one);
  return { records, english: decode(member('facts.en.txt')), chinese: decode(member('facts.zh.txt')), ...word };
}
