// node read_vectors.mjs DIR: reads every vector with the independent reader; exit code 1 and a line for each that differs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as reader from "./reader.mjs";
import * as tree from "./tree.mjs";

const folder = process.argv[2];
const load = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const keys = load("keys.json");
const genesis = Buffer.from(keys.genesis, "hex");
const known = {
  station: keys.station,
  log: BigInt(keys.log),
  key: Buffer.from(keys.key, "hex"),
  from: { seq: 0n, head: reader.headZero(genesis) },
  publicKeyOf: () => reader.publicKey(keys.signer.x, keys.signer.y),
};

const READERS = {
  cbor: reader.decode,
  entry: (data) => Object.values(reader.readEntry(data)),
  frame: reader.readFrame,
  flash_page: reader.readFlashPage,
  key_page: reader.readKeyPage,
  evolve: (data, { expect }) => expect.map(([seq]) => [seq, reader.keyOf(data, seq)]),
  sealed: (data) => reader.openSealed(data, known.key, "answer"),
  pages: (data) => {
    const { entries, head } = reader.verifyChain(reader.decode(data), known);
    return { kinds: entries.map((e) => e.kind), last_head: head };
  },
  batch: (data) => {
    const { station, firstSeq, entries, head } = reader.readBatch(data, known);
    return { station, first_seq: firstSeq, entries: entries.length, last_head: head };
  },
};

// --- tree/: what is wrong with each, "" if nothing is

const bytes = (hex) => Buffer.from(hex, "hex");
const all = (hexes) => hexes.map(bytes);

function merkle({ entries, roots, inclusion, consistency }) {
  const leaves = all(entries).map(tree.leafOf);
  const whole = new tree.Tree(roots.keys());
  if (whole.root().toString("hex") !== roots[0]) return "root of no leaves";
  for (const leaf of leaves) whole.put(0, leaf);
  const differs = roots.findIndex((root, size) => size && whole.roots.get(size).toString("hex") !== root);
  if (differs > 0) return `root of ${differs}`;
  const within = (c) => tree.included(leaves[c.leaf], c.index, c.size, bytes(c.root), all(c.proof)) === c.good;
  const grown = (c) => tree.consistent(c.size1, bytes(c.root1), c.size2, bytes(c.root2), all(c.proof)) === c.good;
  const bad = [...inclusion.filter((c) => !within(c)), ...consistency.filter((c) => !grown(c))];
  return bad.map((c) => JSON.stringify(c)).join();
}

function note(vector) {
  const [log, witness] = [vector.log_vkey, vector.witness_vkey].map(tree.readVkey);
  const good = (text) => {
    try {
      const read = tree.readNote(Buffer.from(text));
      return read.origin.startsWith("apotheca/1/mercy") && tree.signedBy(read, log) && tree.signedBy(read, witness) && read;
    } catch (error) {
      if (error instanceof reader.Refused) return false;
      throw error;
    }
  };
  const { origin, size, root } = good(vector.note) || {};
  if (origin !== vector.origin || size !== vector.size || root.toString("hex") !== vector.root) return "the note";
  if (good(vector.successor_note)?.number !== 2) return "the successor's note";
  return Object.keys(vector.refused).filter((why) => good(vector.refused[why])).join();
}

function checkpoint({ key, hex, expect }) {
  const read = reader.openSealed(bytes(hex), bytes(key), "checkpoint");
  if (!isDeepStrictEqual(plain(read), expect)) return "its fields";
  const [{ entries, roots }, [, , , , text, oldSize, proof]] = [load("tree/merkle.json"), read];
  const { size, root } = tree.readNote(text);
  if (!tree.consistent(Number(oldSize), bytes(roots[oldSize]), size, root, proof)) return "its proof";
  const [lastIndex, inclusion] = [Number(read[8]), read[9]];
  return tree.included(tree.leafOf(bytes(entries[lastIndex])), lastIndex, size, root, inclusion) ? "" : "its inclusion";
}

const OF_TREE = { merkle, note, checkpoint };

// As the vectors write values.
function plain(value) {
  if (Buffer.isBuffer(value)) return { hex: value.toString("hex") };
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : { int: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, plain(v)]));
}

function outcome(vector) {
  try {
    return { expect: plain(READERS[vector.what](Buffer.from(vector.hex, "hex"), vector)) };
  } catch (error) {
    if (error instanceof reader.Refused) return { refused: error.layer };
    throw error;
  }
}

const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "keys.json");
const wrong = reader.headZero(genesis).toString("hex") === keys.head0 ? [] : ["head(0) of the genesis"];
for (const name of names) {
  const vector = load(name);
  const due = "expect" in vector ? { expect: vector.expect } : { refused: vector.refused };
  const got = outcome(vector);
  if (!isDeepStrictEqual(got, due)) wrong.push(`${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(due)}`);
}
const ofTree = existsSync(join(folder, "tree")) ? readdirSync(join(folder, "tree")).filter((name) => name.endsWith(".json")) : [];
for (const name of ofTree) {
  const vector = load(join("tree", name));
  const said = OF_TREE[vector.what](vector);
  if (said) wrong.push(`tree/${name}: ${said}`);
}
const count = names.length + ofTree.length;
for (const line of wrong) console.error(line);
console.log(`${count - wrong.length} of ${count} vectors as expected`);
process.exit(wrong.length || !count ? 1 : 0);
