// Tree, checkpoints and cosignatures (wire.md section 6), from the document alone.
import { createHash, createPublicKey, verify } from "node:crypto";
import { Refused } from "./reader.mjs";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const need = (ok, why) => {
  if (!ok) throw new Refused("note", why);
};

export const leafOf = (entry) => sha256(Buffer.from([0]), entry);
const nodeOf = (left, right) => sha256(Buffer.from([1]), left, right);

// Leaves, or subtrees of 2^level leaves, one after the other (packets.md, Tree); `roots` has those of the sizes wanted.
export class Tree {
  constructor(wanted = []) {
    this.wanted = new Set(wanted);
    this.roots = new Map();
    this.size = 0;
    this.held = [];
  }

  put(level, hash) {
    const width = 2 ** level;
    need(Number.isInteger(level) && level >= 0 && level < 48 && this.size % width === 0, "a hash that stands nowhere");
    need(hash.length === 32, "not a hash");
    this.size += width;
    this.held.push({ level, hash });
    for (let top = this.held.length - 1; top > 0; top--) {
      const [left, right] = this.held.slice(-2);
      if (left.level !== right.level) break;
      this.held.splice(-2, 2, { level: left.level + 1, hash: nodeOf(left.hash, right.hash) });
    }
    if (this.wanted.has(this.size)) this.roots.set(this.size, this.root());
  }

  root() {
    if (!this.held.length) return sha256();
    return this.held.map((one) => one.hash).reduceRight((folded, left) => nodeOf(left, folded));
  }
}

// --- proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2)

export function included(leaf, index, size, root, proof) {
  if (index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const one of proof) {
    if (last === 0) return false;
    if (at % 2 || at === last) {
      hash = nodeOf(one, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else hash = nodeOf(hash, one);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.equals(root);
}

export function consistent(size1, root1, size2, root2, proof) {
  if (size1 > size2) return false;
  if (size1 === size2) return proof.length === 0 && root1.equals(root2);
  if (size1 === 0) return proof.length === 0;
  const way = Number.isInteger(Math.log2(size1)) ? [root1, ...proof] : [...proof];
  if (!way.length) return false;
  let [at, last] = [size1 - 1, size2 - 1];
  while (at % 2) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [one, two] = [way[0], way[0]];
  for (const hash of way.slice(1)) {
    if (last === 0) return false;
    if (at % 2 || at === last) {
      [one, two] = [nodeOf(hash, one), nodeOf(hash, two)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else two = nodeOf(two, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && one.equals(root1) && two.equals(root2);
}

// --- notes

const base64 = (text) => {
  const data = Buffer.from(text, "base64");
  need(data.toString("base64") === text, "not base64");
  return data;
};

export function readVkey(text) {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text);
  need(found, "not a vkey");
  const data = base64(found[3]);
  const id = sha256(found[1], "\n", data).subarray(0, 4);
  need(data.length === 33 && [1, 4].includes(data[0]) && id.toString("hex") === found[2], "not a vkey");
  return { name: found[1], id, ofWitness: data[0] === 4, publicKey: ed25519(data.subarray(1)) };
}

function ed25519(raw) {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
}

export function readNote(data) {
  const words = data.toString("utf8");
  need(Buffer.from(words).equals(data) && words.endsWith("\n"), "not a note");
  const lines = words.split("\n").slice(0, -1);
  need(lines.length >= 5 && lines[3] === "", "not a note");
  const [origin, size, root] = lines;
  const number = /^apotheca\/1\/([^/]+)(?:\/([1-9][0-9]*))?$/.exec(origin);
  need(number && number[2] !== "1", "no origin of ours");
  need(/^(0|[1-9][0-9]*)$/.test(size) && base64(root).length === 32, "not a checkpoint");
  const signatures = lines.slice(4).map((line) => {
    const found = /^\u2014 (\S+) (\S+)$/.exec(line);
    need(found, "not a signature line");
    return { name: found[1], data: base64(found[2]) };
  });
  const text = `${origin}\n${size}\n${root}\n`;
  return { text, origin, site: number[1], number: Number(number[2] ?? 1), size: Number(size), root: base64(root), signatures };
}

// true, false, or null if this key has not signed
export function signedBy(note, key) {
  const line = note.signatures.find(({ name, data }) => name === key.name && data.subarray(0, 4).equals(key.id));
  if (!line) return null;
  const [stamp, signature] = key.ofWitness ? [line.data.subarray(4, 12), line.data.subarray(12)] : [null, line.data.subarray(4)];
  if (signature.length !== 64) return false;
  const text = stamp ? `cosignature/v1\ntime ${stamp.readBigUInt64BE(0)}\n${note.text}` : note.text;
  return verify(null, Buffer.from(text), key.publicKey, signature);
}
