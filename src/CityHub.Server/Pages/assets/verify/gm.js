// SM3 (GB/T 32905) and the verification of SM2 (GB/T 32918.2 on the curve of GB/T 32918.5), of public values only.

function sm3(message) {
  const state = Uint32Array.of(0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e);
  const w = new Uint32Array(68);
  const data = padded(message, 64, 8);
  const view = new DataView(data.buffer);
  const turn = (x, n) => n % 32 ? (x << n % 32) | (x >>> (32 - n % 32)) : x;
  const p1 = x => x ^ turn(x, 15) ^ turn(x, 23);
  for (let block = 0; block < data.length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + 4 * i);
    for (let i = 16; i < 68; i++) w[i] = p1(w[i - 16] ^ w[i - 9] ^ turn(w[i - 3], 15)) ^ turn(w[i - 13], 7) ^ w[i - 6];
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const a12 = turn(a, 12), ss1 = turn((a12 + e + turn(i < 16 ? 0x79cc4519 : 0x7a879d8a, i)) | 0, 7);
      const ff = i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c), gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const tt1 = (ff + d + (ss1 ^ a12) + (w[i] ^ w[i + 4])) | 0, tt2 = (gg + h + ss1 + w[i]) | 0;
      [h, g, f, e, d, c, b, a] = [g, turn(f, 19), e, tt2 ^ turn(tt2, 9) ^ turn(tt2, 17), c, turn(b, 9), a, tt1];
    }
    [a, b, c, d, e, f, g, h].forEach((v, i) => { state[i] ^= v; });
  }
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((v, i) => hash.setUint32(4 * i, v));
  return new Uint8Array(hash.buffer);
}

const big = bytes => BigInt('0x' + hex(bytes));
const sm2 = (() => {
  const p = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn, n = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
  const b = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
  const base = [0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n, 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n, 1n];
  const cut = x => { const r = x % p; return r < 0n ? r + p : r; };
  const bytesOf = x => Uint8Array.from(x.toString(16).padStart(64, '0').match(/../g), two => parseInt(two, 16));

  // [X, Y, Z] with x = X/Z², y = Y/Z³; Z = 0 is the point at infinity. The curve's a is −3.
  const twice = ([x, y, z]) => {
    const zz = z * z % p, yy = y * y % p, s = 4n * x * yy % p, m = 3n * (x - zz) * (x + zz) % p, x3 = cut(m * m - 2n * s);
    return [x3, cut(m * (s - x3) - 8n * yy * yy), cut(2n * y * z)];
  };
  const plus = (one, other) => {
    const [x1, y1, z1] = one, [x2, y2, z2] = other;
    if (z1 === 0n) return other;
    if (z2 === 0n) return one;
    const zz1 = z1 * z1 % p, zz2 = z2 * z2 % p, u1 = x1 * zz2 % p, u2 = x2 * zz1 % p;
    const h = cut(u2 - u1), s1 = y1 * z2 % p * zz2 % p, r = cut(y2 * z1 % p * zz1 - s1);
    if (h === 0n) return r === 0n ? twice(one) : [1n, 1n, 0n];
    const hh = h * h % p, hhh = h * hh % p, v = u1 * hh % p, x3 = cut(r * r - hhh - 2n * v);
    return [x3, cut(r * (v - x3) - s1 * hhh), cut(h * z1 % p * z2)];
  };

  /** 04 ‖ x ‖ y of a point of the curve, whose order is prime; else null. */
  const read = key => {
    if (key.length !== 65 || key[0] !== 4) return null;
    const x = big(key.subarray(1, 33)), y = big(key.subarray(33));
    return x < p && y < p && cut(y * y - (x * x - 3n) * x - b) === 0n ? [x, y, 1n] : null;
  };

  /** r ‖ s in 64 bytes; the user id is the one of GM/T 0009. */
  const check = (key, message, signature) => {
    const point = read(key);
    if (!point || signature.length !== 64) return false;
    const r = big(signature.subarray(0, 32)), s = big(signature.subarray(32)), t = (r + s) % n;
    if (r < 1n || r >= n || s < 1n || s >= n || t === 0n) return false;
    const z = sm3(join([0, 128], utf8('1234567812345678'), bytesOf(p - 3n), bytesOf(b), bytesOf(base[0]), bytesOf(base[1]), key.subarray(1)));
    const both = plus(base, point);
    let sum = [1n, 1n, 0n];
    for (let bit = 255n; bit >= 0n; bit--) {
      sum = twice(sum);
      const one = s >> bit & 1n, other = t >> bit & 1n;
      if (one || other) sum = plus(sum, one && other ? both : one ? base : point);
    }
    if (sum[2] === 0n) return false;
    let inverse = 1n;
    for (let e = p - 2n, x = sum[2]; e > 0n; e >>= 1n, x = x * x % p) if (e & 1n) inverse = inverse * x % p;
    return (big(sm3(join(z, message))) + sum[0] * inverse % p * inverse % p) % n === r;
  };
  return { read, check };
})();
