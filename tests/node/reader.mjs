// An independent reader of docs/journal.md and docs/wire.md: Node's standard library only, no code shared with the stack.
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";

export class Refused extends Error {
  constructor(layer, why) {
    super(`${layer}: ${why}`);
    this.layer = layer;
  }
}

const need = (ok, layer, why) => {
  if (!ok) throw new Refused(layer, why);
};

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const hmac = (key, ...parts) => {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

const equal = (a, b) => Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.length === b.length && timingSafeEqual(a, b);

// --- CBOR subset (journal.md section 1). Integers come as BigInt, bytes as Buffer.

const LARGEST_SHORTER = { 1: 23n, 2: 0xffn, 4: 0xffffn, 8: 0xffffffffn };

function head(data, at) {
  need(at < data.length, "cbor", "cut short");
  const major = data[at] >> 5;
  const low = data[at] & 31;
  if (data[at] === 0xf6) return { major: 7, value: 0n, at: at + 1 };
  need(major <= 4 && low <= 27, "cbor", "outside the subset");
  if (low < 24) return { major, value: BigInt(low), at: at + 1 };
  const size = 1 << (low - 24);
  need(at + 1 + size <= data.length, "cbor", "cut short");
  const value = BigInt("0x" + data.subarray(at + 1, at + 1 + size).toString("hex"));
  need(value > LARGEST_SHORTER[size], "cbor", "not the shortest form");
  return { major, value, at: at + 1 + size };
}

export function item(data, start, depth = 0) {
  const { major, value, at } = head(data, start);
  if (major === 7) return { value: null, at };
  if (major === 0) return { value, at };
  if (major === 1) return { value: -1n - value, at };
  need(value <= BigInt(data.length - at), "cbor", "cut short");
  const count = Number(value);
  if (major === 4) return array(data, at, count, depth);
  const bytes = data.subarray(at, at + count);
  return { value: major === 2 ? bytes : text(bytes), at: at + count };
}

function array(data, start, count, depth) {
  need(depth < 6, "cbor", "too deep");
  const value = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const member = item(data, at, depth + 1);
    value.push(member.value);
    at = member.at;
  }
  return { value, at };
}

function text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("cbor", "not UTF-8");
  }
}

export function decode(data) {
  const { value, at } = item(data, 0);
  need(at === data.length, "cbor", "bytes after the end");
  return value;
}

function prefix(major, length) {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

const bstr = (data) => Buffer.concat([prefix(2, data.length), data]);
const tstr = (words) => Buffer.concat([prefix(3, Buffer.byteLength(words)), Buffer.from(words)]);

// --- Entries and pages (journal.md sections 2 and 3)

const isUint = (v) => typeof v === "bigint" && v >= 0n;
const isText = (v) => typeof v === "string";
const isBytes = (v, size) => Buffer.isBuffer(v) && v.length === size;
const orNull = (check) => (v) => v === null || check(v);
const isInt = (v) => typeof v === "bigint";

const FIELDS = [
  ["version", (v) => v === 1n],
  ["station", (v) => isText(v) && /^[A-Za-z0-9_-]{1,32}$/.test(v)],
  ["log", isUint],
  ["boot", isUint],
  ["seq", (v) => isUint(v) && v > 0n],
  ["utc_ms", isUint],
  ["mono_ms", isUint],
  ["tq", (v) => isUint(v) && v <= 3n],
  ["kind", isUint],
  ["actor", isText],
  ["witness", orNull(isText)],
  ["item", orNull(isText)],
  ["place", orNull(isText)],
  ["before", orNull(isInt)],
  ["change", orNull(isInt)],
  ["after", orNull(isInt)],
  ["txn", isUint],
  ["ref", orNull((v) => isBytes(v, 16))],
  ["ext", Array.isArray],
];

export function readEntry(data) {
  const fields = decode(data);
  need(Array.isArray(fields) && fields.length === FIELDS.length, "entry", "not an array of 19");
  FIELDS.forEach(([name, check], i) => need(check(fields[i]), "entry", name));
  return Object.fromEntries(FIELDS.map(([name], i) => [name, fields[i]]));
}

function checkDisclosure(disclosure, ref) {
  if (disclosure === null) return;
  need(Array.isArray(disclosure) && disclosure.length === 3, "ref", "disclosure is not an array of 3");
  const [salt, patient, order] = disclosure;
  need(isBytes(salt, 16) && isText(patient) && isText(order), "ref", "disclosure types");
  const whole = Buffer.concat([prefix(4, 3), bstr(salt), tstr(patient), tstr(order)]);
  need(equal(sha256(whole).subarray(0, 16), ref), "ref", "disclosure is not what the entry refers to");
}

// --- Keys of entries (journal.md section 3)

const one = (n) => Buffer.from([n]);
export const rootOf = (key) => hmac(key, "apotheca/1/page");

// K(seq) of E(0)
export function keyOf(root, seq) {
  const epoch = Math.floor((seq - 1) / 1024);
  let key = root;
  for (let at = 0; at < epoch; at++) key = sha256(one(4), key);
  key = sha256(one(5), key);
  for (let at = epoch * 1024 + 1; at < seq; at++) key = sha256(one(6), key);
  return key;
}

export const macOf = (key, head) => hmac(key, head).subarray(0, 16);

// A page (a decoded array of 3) by itself: its entry.
export function readPage(page) {
  need(Array.isArray(page) && page.length === 3 && Buffer.isBuffer(page[0]), "entry", "page is not an array of 3");
  const entry = readEntry(page[0]);
  checkDisclosure(page[1], entry.ref);
  need(isBytes(page[2], 16), "mac", "not 16 bytes");
  return entry;
}

export const headZero = (genesis) => sha256(Buffer.from([3]), genesis);

// Follows pages (decoded arrays of 3) from `from` = { seq, head }, the entry before the first. Without a key the MACs are
// left to who holds it: then what the head at the end must be has to be known from elsewhere (a signed batch, an answer).
export function verifyChain(pages, { station, log, from, key }) {
  let { seq, head: last } = from;
  const root = key && rootOf(key);
  const entries = [];
  for (const page of pages) {
    const entry = readPage(page);
    const [data, , mac] = page;
    need(entry.station === station && entry.log === log, "chain", "entry of another log");
    need(entry.seq === seq + 1n, "chain", `entry ${entry.seq} where ${seq + 1n} is due`);
    last = sha256(Buffer.from([2]), last, sha256(Buffer.from([0]), data));
    if (key) need(equal(macOf(keyOf(root, Number(entry.seq)), last), mac), "mac", `entry ${entry.seq}`);
    seq = entry.seq;
    entries.push(entry);
  }
  return { entries, seq, head: last };
}

// --- CRC-32, flash page (journal.md section 4), frame (wire.md section 2)

export function crc32(data) {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export function readFlashPage(raw) {
  need(raw.length === 256, "crc", "not 256 bytes");
  const length = raw.readUInt16LE(0);
  need(crc32(raw.subarray(0, 252)) === raw.readUInt32LE(252), "crc", "wrong");
  need(length > 0 && length <= 246, "crc", "length out of range");
  return { seq: raw.readUInt32LE(2), page: raw.subarray(6, 6 + length) };
}

// The better of two records (journal.md section 4).
export function readKeyPage(raw) {
  need(raw.length === 256, "crc", "not 256 bytes");
  for (const record of [raw.subarray(0, 128), raw.subarray(128)]) {
    if (record.toString("latin1", 0, 4) !== "AKEY" || crc32(record.subarray(0, 124)) !== record.readUInt32LE(124)) continue;
    const [next_epoch, key] = [record.subarray(12, 44), record.subarray(44, 76)];
    return { opened: record.readUInt32LE(4), seq: record.readUInt32LE(8), next_epoch, key };
  }
  need(false, "crc", "no record counts");
}

export function readFrame(frame) {
  need(frame.indexOf(0) === frame.length - 1, "crc", "not one frame");
  const out = [];
  const end = frame.length - 1;
  for (let at = 0; at < end; ) {
    const code = frame[at];
    need(at + code <= end, "crc", "run beyond the end");
    out.push(...frame.subarray(at + 1, at + code));
    at += code;
    if (code < 255 && at < end) out.push(0);
  }
  const data = Buffer.from(out);
  need(data.length >= 4, "crc", "too short");
  const payload = data.subarray(0, -4);
  need(crc32(payload) === data.readUInt32LE(data.length - 4), "crc", "wrong");
  return payload;
}

// --- Sealed payloads and COSE envelopes (wire.md section 3)

export function openSealed(payload, key, purpose) {
  const body = payload.subarray(0, -17);
  const derived = hmac(key, `apotheca/1/${purpose}`);
  need(payload.length > 17 && payload.at(-17) === 0x50, "mac", "no mac at the end");
  need(equal(hmac(derived, body).subarray(0, 16), payload.subarray(-16)), "mac", "wrong");
  return decode(payload).slice(0, -1);
}

const PROTECTED = Buffer.from("a2012604", "hex");

// `judge` false: `good` tells whether the signature verifies.
export function openEnvelope(data, type, publicKeyOf, { judge = true } = {}) {
  need(data.subarray(0, 2).toString("hex") === "d284", "signature", "not COSE_Sign1");
  const header = item(data, 2);
  need(Buffer.isBuffer(header.value) && header.value.subarray(0, 4).equals(PROTECTED), "signature", "headers");
  need(data[header.at] === 0xa0, "signature", "unprotected headers");
  const payload = item(data, header.at + 1);
  const signature = item(data, payload.at);
  need(signature.at === data.length && isBytes(signature.value, 64), "signature", "malformed");
  const kid = decode(header.value.subarray(4)).toString();
  const parts = [prefix(4, 4), tstr("Signature1"), bstr(header.value), bstr(Buffer.from(`apotheca/1/${type}`))];
  const signed = Buffer.concat([...parts, bstr(payload.value)]);
  const key = { key: publicKeyOf(kid), dsaEncoding: "ieee-p1363" };
  const good = verify("sha256", signed, key, signature.value);
  need(good || !judge, "signature", "does not verify");
  return { kid, payload: payload.value, good };
}

export function publicKey(x, y) {
  const coordinate = (hex) => Buffer.from(hex, "hex").toString("base64url");
  return createPublicKey({ key: { kty: "EC", crv: "P-256", x: coordinate(x), y: coordinate(y) }, format: "jwk" });
}

export function readBatch(data, { publicKeyOf, log, from, key }) {
  const { kid, payload } = openEnvelope(data, "batch", publicKeyOf);
  const [version, station, batchLog, firstSeq, prevHead, pages, lastHead] = decode(payload);
  need(version === 1n && station === kid && batchLog === log, "signature", "another station's batch");
  need(firstSeq === from.seq + 1n && equal(prevHead, from.head), "prev_head", "does not follow what is known");
  need(Array.isArray(pages) && pages.length >= 1 && pages.length <= 64, "chain", "1 to 64 pages");
  const read = verifyChain(pages, { station, log, from, key });
  need(equal(read.head, lastHead), "chain", "last_head is not that of the pages");
  return { station, firstSeq, ...read };
}
