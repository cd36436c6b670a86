// node read_vectors.mjs DIR: reads every vector with the independent reader; exit code 1 and a line for each that differs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as reader from "./reader.mjs";

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
for (const line of wrong) console.error(line);
console.log(`${names.length - wrong.length} of ${names.length} vectors as expected`);
process.exit(wrong.length || !names.length ? 1 : 0);
