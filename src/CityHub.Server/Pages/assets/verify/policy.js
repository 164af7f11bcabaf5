// Whom the reader trusts (c2sp.org/tlog-policy), and whether those have signed.

/** Names are octets to the specification: one letter for each octet inside, and what they say in UTF-8, if they do, for the reader. */
const told = octets => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(octets, c => c.charCodeAt(0)));
  } catch {
    return octets;
  }
};

function policy(bytes) {
  const logs = [], witnesses = new Map(), groups = new Map(), taken = new Set(), member = new Set();
  let quorum = null, line = 0;
  const wrong = (en, zh) => refuse(`Line ${line} of the policy: ${en}`, `策略第 ${line} 行：${zh}`, fixPolicy);
  const defined = name => witnesses.has(name) || groups.has(name);
  const define = name => {
    if (name === 'none' || [...witnesses.keys(), ...groups.keys()].some(one => told(one) === told(name)))
      wrong(`the name ${shown(told(name))} is taken.`, `名称 ${shown(told(name))} 已被使用。`);
  };
  const key = text => {
    let read;
    try {
      read = verifierKey(told(text));
    } catch (e) {
      if (!(e instanceof Refusal)) throw e;
      wrong(...e.why);
    }
    const twin = read.kind.name.split(' ')[0] + hex(read.bytes);
    return [read, twin];
  };
  const once = (kind, twin) => {
    if (taken.has(kind + twin)) wrong('this public key stands here twice; a witness counts once.', '同一公钥出现两次；每个见证方只计一次。');
    taken.add(kind + twin);
  };

  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  if (text && !text.endsWith('\n')) refuse('The last line of the policy has no newline: the file was cut.', '策略最后一行没有换行：文件被截断。', fixPolicy);
  for (const row of text.split('\n').slice(0, -1)) {
    line++;
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(row)) wrong('there is a control character; an editor has changed the file.', '有控制字符；文件被编辑器改动过。');
    const words = row.split(/[ \t]+/).filter(word => word);
    if (!words.length || words[0].startsWith('#')) continue;
    if (words[0] === 'log' && (words.length === 2 || words.length === 3)) {
      const [read, twin] = key(words[1]);
      once('log ', twin);
      if (logs.some(log => log.name === read.name && log.kind.hash !== read.kind.hash)) wrong('a log has one hash function.', '一个日志只能用一种哈希函数。');
      logs.push(read);
    } else if (words[0] === 'witness' && (words.length === 3 || words.length === 4)) {
      const [read, twin] = key(words[2]);
      if (!read.kind.timed) wrong(`the key of ${shown(told(words[1]))} makes no cosignatures.`, `${shown(told(words[1]))} 的公钥不用于联署。`);
      once('witness ', twin);
      define(words[1]);
      witnesses.set(words[1], read);
    } else if (words[0] === 'group' && words.length >= 4) {
      const members = words.slice(3);
      for (const one of members) {
        if (!defined(one)) wrong(`${shown(told(one))} is not defined above.`, `${shown(told(one))} 在前文没有定义。`);
        if (member.has(one)) wrong(`${shown(told(one))} is a member already; nobody counts twice.`, `${shown(told(one))} 已是成员；不能重复计数。`);
        member.add(one);
      }
      const needed = words[2] === 'all' ? members.length : words[2] === 'any' ? 1 : Number(number(words[2]) ?? 0n);
      if (needed < 1 || needed > members.length) wrong(`${shown(told(words[2]))} is none of all, any and a number of members.`, `${shown(told(words[2]))} 不是 all、any 或成员数。`);
      define(words[1]);
      groups.set(words[1], { needed, members });
    } else if (words[0] === 'quorum' && words.length === 2) {
      if (quorum !== null) wrong('there is a quorum already.', '法定数已在前文给出。');
      if (words[1] !== 'none' && !defined(words[1])) wrong(`${shown(told(words[1]))} is not defined above.`, `${shown(told(words[1]))} 在前文没有定义。`);
      quorum = words[1];
    } else wrong(`this is not a line of a policy: ${shown(told(row))}.`, `这不是策略的内容：${shown(told(row))}。`);
  }
  if (quorum === null)
    refuse('This is not a whole policy: it has no quorum line.', '这不是完整的策略：没有 quorum 行。', ['Choose the policy file; its lines begin with log, witness, group and quorum.', '请选择策略文件；其各行以 log、witness、group、quorum 开头。']);
  return { logs, witnesses, groups, quorum };
}

/** Whether a signature under the name and id of a key is good; its time in seconds, or 0. Null: not good. */
function signedAt(key, body, signature) {
  const text = utf8(body);
  if (!key.kind.timed) return key.kind.check(key.bytes, text, signature.bytes) ? 0n : null;
  if (signature.bytes.length !== 72) return null;
  const time = BigInt('0x' + hex(signature.bytes.subarray(0, 8)));
  if (time >= 1n << 63n) return null;
  return key.kind.check(key.bytes, join(utf8(`cosignature/v1\ntime ${time}\n`), text), signature.bytes.subarray(8)) ? time : null;
}

/** The witnesses' word on a note: who has signed, when, and who has in a way that this page cannot check. Refuses where the log's or the quorum's signature is missing or bad. */
function witnessed(note, head, trusted, hash) {
  const made = (key, one) => one.name === key.name && one.id === key.id;
  const check = key => {
    let at = null;
    for (const one of note.signatures.filter(signature => made(key, signature))) {
      const time = signedAt(key, note.body, one);
      if (time === null)
        refuse(`The signature of ${shown(key.name)} is not good: the checkpoint or the signature was changed, or somebody else has signed.`,
          `${shown(key.name)} 的签名无效：检查点或签名被改动，或签名者另有其人。`, noTrust);
      at ??= time;
    }
    return at;
  };
  const other = ['Ask somebody whom you trust for the policy of this log. If it is the right one, do not rely on the receipt.', '请向您信任的人索取该日志的策略。若策略无误，请不要采信这份回执。'];
  const logs = trusted.logs.filter(log => log.name === head.origin);
  if (!logs.length) refuse(`Your policy does not know the log ${shown(head.origin)} of this receipt.`, `您的策略中没有这份回执所属的日志 ${shown(head.origin)}。`, other);
  const signers = logs.filter(log => log.checked && check(log) !== null);
  if (!signers.length) {
    const unchecked = logs.find(log => !log.checked && note.signatures.some(one => made(log, one)));
    if (unchecked) refuse(`The log has signed with ${unchecked.kind.name}, which is not checked here.`, `日志使用 ${unchecked.kind.name} 签名，本页不能验证。`, ['Check the receipt with: cityhub verify.', '请用 cityhub verify 验证该回执。']);
    refuse(`The log ${shown(head.origin)} has not signed this with a key of your policy.`, `日志 ${shown(head.origin)} 没有用您策略中的密钥签名。`, other);
  }

  if (signers[0].kind.hash !== hash)
    refuse(`This receipt is of a tree of ${hash}, and the log signs trees of ${signers[0].kind.hash}.`, `这份回执属于 ${hash} 树，而该日志签名的是 ${signers[0].kind.hash} 树。`, noTrust);

  const seen = [...trusted.witnesses].map(([name, key]) => {
    const there = key.kind.hash === hash && note.signatures.some(one => made(key, one));
    return { name: told(name), key, at: there && key.checked ? check(key) : null, unchecked: there && !key.checked };
  });
  const signed = new Set([...trusted.witnesses.keys()].filter((_, i) => seen[i].at !== null));
  const met = name => name === 'none' || (trusted.groups.has(name) ? there(name) >= trusted.groups.get(name).needed : signed.has(name));
  const there = name => trusted.groups.get(name).members.filter(met).length;
  const missing = name => {
    const group = trusted.groups.get(name);
    if (!group) return [`${told(name)} has not signed`, `${told(name)} 没有签名`];
    const lacking = group.members.filter(one => !met(one)).map(missing);
    return [`${told(name)} has ${there(name)} of the ${group.needed} that it needs (${lacking.map(one => one[0]).join('; ')})`,
      `${told(name)} 需要 ${group.needed} 个，实有 ${there(name)} 个（${lacking.map(one => one[1]).join('；')}）`];
  };
  const unchecked = logs.filter(log => !log.checked && note.signatures.some(one => made(log, one)));
  const result = { log: signers[0], unchecked, seen, met: met(trusted.quorum) };
  if (!result.met) {
    const [en, zh] = missing(trusted.quorum);
    const unchecked = seen.filter(one => one.unchecked);
    const refusal = new Refusal([`Not enough witnesses have signed: ${en}.`, `签名的见证方不足：${zh}。`], unchecked.length
      ? ['Some witnesses have signed in a way that is not checked here. Check the receipt with: cityhub verify.', '有见证方的签名方式本页不能验证。请用 cityhub verify 验证。']
      : ['Ask for the receipt again: witnesses may have signed since. If that does not help, ask the witnesses why.', '请重新索取回执：见证方可能已补签。若仍不足，请询问见证方。']);
    refusal.seen = seen;
    throw refusal;
  }
  return result;
}

/** A leaf of CityHub (docs/decisions/0010): one JSON object whose names are in ascending order. Null: an entry of another form. */
function leaf(entry) {
  let read;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(entry);
    read = JSON.parse(text);
    const sorted = value => value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.keys(value).sort().map(name => [name, sorted(value[name])])) : value;
    if (JSON.stringify(sorted(read)) !== text) return null;
  } catch {
    return null;
  }
  const good = read && ['at', 'type', 'stream'].every(name => typeof read[name] === 'string') && Number.isSafeInteger(read.position) && read.position > 0
    && Number.isSafeInteger(read.version) && Object.values(read.commitment ?? {}).every(one => /^[0-9a-f]{64}$/.test(one));
  return good ? read : null;
}

/** The record is where its receipt says; and the opening (salt and content), if there is one, is what it stands for. */
function prove({ proof, record, fact, opening }) {
  const head = proof.checkpoint, place = proof.index + 1n;
  const hash = hashes[proof.hash];
  if (!included(hash, head.size, proof.index, hash(join([0], record)), proof.path, head.root))
    refuse(`The record is not number ${place} of the ${head.size} records that were signed: the record or the proof was changed.`,
      `该记录不是被签名的 ${head.size} 条记录中的第 ${place} 条：记录或证明被改动。`, noTrust);
  if (fact && BigInt(fact.position) !== place)
    refuse(`The record says that it is number ${fact.position} and stands in the log as number ${place}: the log contradicts itself.`,
      `记录自称第 ${fact.position} 条，但在日志中是第 ${place} 条：日志自相矛盾。`, noTrust);
  if (!opening) return;
  const promised = Object.entries(fact?.commitment ?? {});
  if (!promised.length || promised.some(([name]) => !hashes[name]))
    refuse('The content cannot be compared: the record has no hash of it that is known here.', '无法核对内容：记录中没有本页已知的内容哈希。', ['Check with: cityhub verify.', '请用 cityhub verify 验证。']);
  if (opening.length < 32 || promised.some(([name, value]) => hex(hashes[name](opening)) !== value))
    refuse(`The content is not the one that record ${place} stands for: its hash is another one.`, `内容与第 ${place} 条记录不符：哈希不一致。`,
      ['Choose the opening (salt and content) of exactly this record.', '请选择恰为该记录的开启值文件（盐值与内容）。']);
}

/** Everything about one receipt. @param entry Where the receipt does not bring its record along. @param opening Salt and content, or null. */
function verify(receiptBytes, policyBytes, entry = null, opening = null) {
  const proof = receipt(receiptBytes), trusted = policy(policyBytes);
  const record = entry ?? proof.extra
    ?? refuse('This receipt does not bring its record along.', '这份回执没有附带记录。', ['Choose the record (the entry of the log), too.', '请同时选择记录（日志条目）文件。']);
  const one = { proof, record, fact: leaf(record), opening };
  const word = witnessed(proof.note, proof.checkpoint, trusted, proof.hash);
  prove(one);
  return { records: [one], ...word };
}
