// SHA-256, SHA-512 and the verification of Ed25519, of public values only. Everything is here: a page that is opened from a disk has no other source.
'use strict';

const utf8 = text => new TextEncoder().encode(text);
const hex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

// FIPS 180-4: the constants are the first 64 bits behind the point of the square and cube roots of the first primes; SHA-256 has the first 32 of them.
const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every(p => n % p)) primes.push(n);
const rootBits = (prime, degree) => {
  const wanted = BigInt(prime) << BigInt(64 * degree);
  let root = 0n;
  for (let bit = 1n << 68n; bit > 0n; bit >>= 1n) if ((root | bit) ** BigInt(degree) <= wanted) root |= bit;
  return BigInt.asUintN(64, root);
};
const cubeRoots = primes.map(p => rootBits(p, 3));
const squareRoots = primes.slice(0, 8).map(p => rootBits(p, 2));
const cubeRoots32 = Uint32Array.from(cubeRoots.slice(0, 64), k => Number(k >> 32n));

const padded = (message, block, lengthSize) => {
  const room = new Uint8Array(Math.ceil((message.length + 1 + lengthSize) / block) * block);
  room.set(message);
  room[message.length] = 0x80;
  new DataView(room.buffer).setBigUint64(room.length - 8, BigInt(message.length) * 8n);
  return room;
};

function sha256(message) {
  const state = Uint32Array.from(squareRoots, h => Number(h >> 32n));
  const w = new Uint32Array(64);
  const data = padded(message, 64, 8);
  const view = new DataView(data.buffer);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let block = 0; block < data.length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 16];
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const t1 = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + cubeRoots32[i] + w[i];
      const t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) >>> 0, c, b, a, (t1 + t2) >>> 0];
    }
    [a, b, c, d, e, f, g, h].forEach((v, i) => { state[i] += v; });
  }
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((v, i) => hash.setUint32(4 * i, v));
  return new Uint8Array(hash.buffer);
}

function sha512(message) {
  const state = [...squareRoots];
  const w = new Array(80);
  const data = padded(message, 128, 16);
  const view = new DataView(data.buffer);
  const cut = x => BigInt.asUintN(64, x);
  const turn = (x, n) => cut((x >> n) | (x << (64n - n)));
  for (let block = 0; block < data.length; block += 128) {
    for (let i = 0; i < 16; i++) w[i] = view.getBigUint64(block + 8 * i);
    for (let i = 16; i < 80; i++) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = cut((turn(b, 19n) ^ turn(b, 61n) ^ (b >> 6n)) + w[i - 7] + (turn(a, 1n) ^ turn(a, 8n) ^ (a >> 7n)) + w[i - 16]);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 80; i++) {
      const t1 = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (cut(~e) & g)) + cubeRoots[i] + w[i];
      const t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, cut(d + t1), c, b, a, cut(t1 + t2)];
    }
    [a, b, c, d, e, f, g, h].forEach((v, i) => { state[i] = cut(state[i] + v); });
  }
  const hash = new DataView(new ArrayBuffer(64));
  state.forEach((v, i) => hash.setBigUint64(8 * i, v));
  return new Uint8Array(hash.buffer);
}

// RFC 8032, 5.1. A point is [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z.
const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const mod = x => { const r = x % P; return r < 0n ? r + P : r; };
const power = (x, e) => {
  let r = 1n;
  for (; e > 0n; e >>= 1n, x = x * x % P) if (e & 1n) r = r * x % P;
  return r;
};
const D = mod(-121665n * power(121666n, P - 2n));
const rootOfMinusOne = power(2n, (P - 1n) / 4n);
const little = bytes => BigInt('0x' + (hex(Uint8Array.from(bytes).reverse()) || '0'));
const identity = [0n, 1n, 1n, 0n];
const isIdentity = ([x, y, z]) => x === 0n && y === z;

function plus([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = (y1 - x1) * (y2 - x2) % P, b = (y1 + x1) * (y2 + x2) % P, c = 2n * D * t1 % P * t2 % P, d = 2n * z1 * z2 % P;
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function twice([x, y, z]) {
  const a = x * x % P, b = y * y % P, c = 2n * z * z % P, h = a + b, xy = x + y;
  const e = h - xy * xy % P, g = a - b, f = c + g;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** The point, or null where the 32 bytes are not its one encoding. */
function readPoint(bytes) {
  const all = little(bytes), sign = all >> 255n, y = all & ((1n << 255n) - 1n);
  if (bytes.length !== 32 || y >= P) return null;
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = u * power(v, 3n) % P * power(u * power(v, 7n) % P, (P - 5n) / 8n) % P;
  if (mod(v * x * x - u) !== 0n) x = x * rootOfMinusOne % P;
  if (mod(v * x * x - u) !== 0n || (x === 0n && sign === 1n)) return null;
  if ((x & 1n) !== sign) x = mod(-x);
  return [x, y, 1n, x * y % P];
}

function writePoint([x, y, z]) {
  const inverse = power(z, P - 2n);
  let all = (y * inverse % P) | ((x * inverse % P & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++, all >>= 8n) bytes[i] = Number(all & 255n);
  return bytes;
}

/** m·p + n·q, bit by bit for both. */
function sum(m, p, n, q) {
  const both = plus(p, q);
  let r = identity;
  for (let bit = 255n; bit >= 0n; bit--) {
    r = twice(r);
    const one = m >> bit & 1n, other = n >> bit & 1n;
    if (one || other) r = plus(r, one && other ? both : one ? p : q);
  }
  return r;
}

const basePoint = readPoint(Uint8Array.of(0x58, ...new Array(31).fill(0x66)));
const readKeys = new Map();

/** −A of a key of prime order in its canonical encoding, else null: on other keys the verifiers of the world do not agree. */
function readKey(bytes) {
  const name = hex(bytes);
  if (!readKeys.has(name)) {
    const point = readPoint(bytes);
    const good = point && !isIdentity(point) && isIdentity(sum(L, point, 0n, identity));
    readKeys.set(name, good ? [mod(-point[0]), point[1], 1n, mod(-point[3])] : null);
  }
  return readKeys.get(name);
}

/** S below L, R canonical and not the identity, S·B = R + k·A without the cofactor. */
function ed25519(key, message, signature) {
  const negated = key.length === 32 ? readKey(key) : null;
  if (!negated || signature.length !== 64) return false;
  const r = signature.subarray(0, 32), s = little(signature.subarray(32));
  if (s >= L) return false;
  const k = little(sha512(join(r, key, message))) % L;
  const point = sum(s, basePoint, k, negated);
  return !isIdentity(point) && same(r, writePoint(point));
}
