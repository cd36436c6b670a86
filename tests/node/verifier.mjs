// Verifies an export or a packet, written from docs/journal.md, docs/wire.md and docs/packets.md alone. `given` is what the
// one who verifies has from elsewhere (all optional): ca (PEM), keys {log name: K}, heads [{station, log, seq, head}], treeKey,
// witnesses [vkey], checkpoints {name: note}, against [folder]. Gives { good, first {log name: seq}, entries, files, notes }.
import { createPublicKey } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { checkDataset } from "./dataset.mjs";
import { Bad, Folder, readManifest, sha256 } from "./folder.mjs";
import * as reader from "./reader.mjs";
import { Tree, leafOf, readNote, readVkey, signedBy } from "./tree.mjs";

const [SEAL, CHECKPOINT, SUCCESSOR, ALARM, CLEARED] = [54n, 55n, 218n, 30n, 31n];
const nameOf = (log) => `${log.station}-${log.log}`;
const same = (a, b) => Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b);
const expected = (error) => error instanceof Bad || error instanceof reader.Refused;

class Findings {
  entries = [];
  files = [];
  notes = [];
  firsts = new Map();

  // rank 0: something speaks against this entry; 1: nothing speaks for it, or it or one before it is another one
  entry(log, seq, words, rank = 0) {
    this.entries.push(`station ${log.station}, log ${log.log}, seq ${seq}: ${words}`);
    const held = this.firsts.get(nameOf(log));
    if (!held || rank < held.rank || (rank === held.rank && seq < held.seq)) this.firsts.set(nameOf(log), { rank, seq });
  }

  // Runs one check; what it refuses is told under `where`. A fault of the program itself is not taken for a finding.
  try(where, run) {
    try {
      return run();
    } catch (error) {
      if (!expected(error)) throw error;
      this.files.push(`${where}: ${error.message}`);
      return null;
    }
  }

  get result() {
    const first = Object.fromEntries([...this.firsts].sort().map(([name, { seq }]) => [name, seq]));
    const { entries, files, notes } = this;
    return { good: !entries.length && !files.length, first, entries, files, notes };
  }
}

// --- chains: heads[i], leaves[i], pages[i] are those of entry log.first_seq + i; `start` is the head before

const bytesOf = (hex) => {
  if (typeof hex !== "string" || !/^([0-9a-f]{2})*$/.test(hex)) throw new Bad("not hex");
  return Buffer.from(hex, "hex");
};
const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Bad("its line is not JSON");
  }
};
// The line is exactly this object as Python writes it.
const exactly = (text, row, names) => {
  const written = names.map((name) => `"${name}": ${JSON.stringify(row?.[name])}`).join(", ");
  if (text !== `{${written}}`) throw new Bad("its line is not as it was written");
};

function* keysFrom(key, { station, first_seq: seq }) {
  if (!key || station === "centre") for (;;) yield key;
  const one = (n) => Buffer.from([n]);
  const hash = (n, data) => sha256(Buffer.concat([one(n), data]));
  let epoch = reader.rootOf(key);
  for (let at = 0; ; at++) {
    let entryKey = hash(5, epoch);
    for (let n = at * 1024 + 1; n <= (at + 1) * 1024 && (at + 1) * 1024 >= seq; n++) {
      if (n >= seq) yield entryKey;
      entryKey = hash(6, entryKey);
    }
    epoch = hash(4, epoch);
  }
}

class Chain {
  heads = [];
  leaves = [];
  pages = [];
  told = []; // entries `checkpoint` and `successor_log`
  oddSeals = [];
  alarms = new Set();
  whole = false;

  constructor(log) {
    Object.assign(this, { log, start: bytesOf(log.start_head), first: log.first_seq, covered: log.first_seq - 1, due: log.first_seq });
  }

  get end() {
    return this.first + this.pages.length - 1;
  }
  head(seq) {
    return seq === this.first - 1 ? this.start : this.heads[seq - this.first];
  }
  leaf(seq) {
    return this.leaves[seq - this.first];
  }
  page(seq) {
    return this.pages[seq - this.first];
  }

  add(text, names, key) {
    const [seq, row] = [this.end + 1, parse(text)];
    exactly(text, row, names);
    if (seq > this.log.seq) throw new Bad("is a line too many");
    if (row.seq !== seq) throw new Bad(`is not here: its line is that of ${row.seq}`);
    const page = reader.decode(bytesOf(row.page));
    const from = { seq: BigInt(seq - 1), head: this.head(seq - 1) };
    const { head, entries } = reader.verifyChain([page], { station: this.log.station, log: BigInt(this.log.log), from });
    if (row.head !== head.toString("hex")) throw new Bad("does not follow from those before it");
    const leaf = leafOf(page[0]);
    if (names.includes("leaf") && row.leaf !== leaf.toString("hex")) throw new Bad("has another leaf than its line says");
    if (key && !same(reader.macOf(key, head), page[2])) throw new Bad("has a MAC that is not of its key");
    this.pages.push(page);
    this.heads.push(head);
    this.leaves.push(leaf);
    this.saw(entries[0]);
    return entries[0];
  }

  saw(entry) {
    const [first] = entry.ext;
    if (entry.kind === SEAL) {
      if (this.counter !== undefined && !this.alarms.size && first !== this.counter + 1n) this.oddSeals.push(Number(entry.seq));
      this.counter = first;
    }
    if (entry.kind === ALARM && (first === 13n || first === 14n)) this.alarms.add(first);
    if (entry.kind === CLEARED) this.alarms.delete(first);
    if (entry.kind === CHECKPOINT || entry.kind === SUCCESSOR) this.told.push(entry);
  }
}

// `see` gets each entry and may refuse it
function readChain(chain, lines, names, key, findings, see = () => {}) {
  const { log } = chain;
  const keys = keysFrom(key, log);
  for (const text of lines) {
    const seq = chain.end + 1;
    try {
      see(chain.add(text, names, keys.next().value), chain);
    } catch (error) {
      if (!expected(error)) throw error;
      findings.entry(log, seq, error.message);
      return;
    }
  }
  if (chain.end < log.seq) findings.entry(log, chain.end + 1, `is missing: the log went up to ${log.seq}`);
  else if (!same(chain.head(chain.end), bytesOf(log.head))) findings.entry(log, log.seq, "does not end the chain at the head that was signed");
  else chain.whole = true;
}

// --- batches: signed by the station, one after the other without a hole, their pages those of the ledger

function comparePages(ledger, numbered, who, findings, ahead) {
  for (const [seq, page] of numbered) {
    if (seq > ledger.end) return ahead(seq);
    const own = ledger.page(seq);
    if (!isDeepStrictEqual(page, own)) {
      findings.entry(ledger.log, seq, `is not the one that ${who} has`);
      return false;
    }
  }
  return true;
}

function checkBatch(name, data, ledger, publicKeyOf, findings) {
  const [, station, , first, last] = /^(.+)-(\d+)-(\d+)-(\d+)$/.exec(name).map((part, i) => (i > 2 ? Number(part) : part));
  const { kid, payload, good } = reader.openEnvelope(data, "batch", publicKeyOf, { judge: false });
  const [version, from, log, firstSeq, previous, pages, lastHead] = reader.decode(payload);
  const right = version === 1n && kid === station && from === station && log === BigInt(ledger.log.log) && firstSeq === BigInt(first);
  if (!right || !Array.isArray(pages) || pages.length !== last - first + 1 || first < ledger.first) throw new Bad("not what its name says");
  const numbered = pages.map((page, i) => [first + i, page]);
  const beyond = () => void findings.entry(ledger.log, ledger.end + 1, `is missing in the ledger, but ${name} has it`);
  if (!comparePages(ledger, numbered, `batches/${name}.cose`, findings, beyond)) return;
  if (!same(previous, ledger.head(first - 1)) || !same(lastHead, ledger.head(last))) throw new Bad("follows another history");
  if (!good) throw new Bad(`not signed by ${station}`);
}

function checkBatches(folder, chains, publicKeyOf, findings) {
  const named = [...folder.names].map((name) => /^batches\/((.+)-(\d+)-(\d+)-(\d+))\.cose$/.exec(name)).filter(Boolean);
  const order = (a, b) => Number(a[4]) - Number(b[4]) || Number(a[5]) - Number(b[5]);
  for (const [path, name, station, log, first, last] of named.sort(order)) {
    const ledger = chains.get(`${station}-${log}`);
    if (!ledger) findings.files.push(`${path}: of a log that the manifest does not have`);
    if (!ledger?.whole) continue;
    if (Number(first) <= ledger.covered + 1) ledger.covered = Math.max(ledger.covered, Number(last));
    findings.try(path, () => checkBatch(name, folder.read(path), ledger, publicKeyOf, findings));
  }
  for (const ledger of chains.values()) {
    if (!ledger.whole || ledger.log.station === "centre" || ledger.covered >= ledger.end) continue;
    findings.entry(ledger.log, ledger.covered + 1, "no batch with the station's signature has it", 1);
  }
}

function checkJournal(folder, ledger, findings) {
  const path = `journals/${ledger.log.station}.ring`;
  let ahead = 0;
  for (const [i, text] of folder.lines(path).entries()) {
    let seq = null;
    try {
      const row = parse(text);
      if (Number.isInteger(row?.seq)) seq = row.seq;
      exactly(text, row, ["seq", "page"]);
      const page = reader.decode(bytesOf(row.page));
      const entry = reader.readPage(page);
      if (entry.station !== ledger.log.station || entry.seq !== BigInt(seq)) throw new Bad("another entry's page is in its place");
      if (entry.log !== BigInt(ledger.log.log) || seq < ledger.first) continue;
      if (!comparePages(ledger, [[seq, page]], path, findings, () => ++ahead)) return;
    } catch (error) {
      if (!expected(error)) throw error;
      if (seq === null) findings.files.push(`${path}: line ${i + 1}: ${error.message}`);
      else findings.entry(ledger.log, seq, `${error.message} (${path})`);
      return;
    }
  }
  if (ahead) findings.notes.push(`${nameOf(ledger.log)}: ${ahead} entries are in the journal and not yet in the ledger`);
}

// --- tree and checkpoints

function checkTree(folder, site, chains, findings, given) {
  const path = "tree/checkpoint";
  if (!folder.names.has(path) && !folder.names.has("tree/leaves.ndjson")) {
    findings.notes.push("no checkpoint is here");
    for (const name of Object.keys(given.checkpoints ?? {})) findings.files.push(`${path}: missing, but ${name} is one`);
    return;
  }
  const note = readNote(folder.read(path));
  const key = readVkey((given.treeKey ?? folder.read("keys/tree.vkey").toString()).trim());
  if (note.site !== site || key.ofWitness || key.name !== `apotheca/1/${site}`) throw new Bad("of another site");
  if (!signedBy(note, key)) throw new Bad("not signed by the log");
  const own = () => (folder.names.has("keys/witnesses.vkey") ? folder.read("keys/witnesses.vkey").toString().split("\n") : []);
  for (const witness of (given.witnesses?.length ? given.witnesses : own()).filter(Boolean).map(readVkey)) {
    const good = signedBy(note, witness);
    if (good === false) findings.files.push(`${path}: the cosignature of ${witness.name} is not right`);
    findings.notes.push(`${witness.name} has ${good ? "" : "not "}cosigned this checkpoint`);
  }
  const all = [...chains.values()];
  if (!all.every((chain) => chain.whole)) return;
  const taken = all.flatMap((chain) => chain.told.filter((entry) => entry.kind === CHECKPOINT).map((entry) => Number(entry.ext[0])));
  const others = Object.entries(given.checkpoints ?? {}).map(([name, data]) => [name, readNote(data)]);
  const tree = new Tree([...taken, ...others.map(([, other]) => other.size)]);
  if (!findings.try("tree/leaves.ndjson", () => fill(tree, folder, chains, findings))) return;
  const root = tree.root();
  if (tree.size !== note.size || !same(root, note.root)) findings.files.push(`${path}: the entries here are not those of the signed tree`);
  else for (const chain of all) findings.notes.push(`${nameOf(chain.log)}: ${chain.due - 1} of ${chain.end} in the tree of ${note.size} leaves`);
  if (note.number > 1) checkSuccessor(note, chains.get("centre-1"), findings);
  for (const chain of all) checkTaken(note, tree, chain, findings);
  for (const [name, other] of others) {
    if (!signedBy(other, key)) throw new Bad(`${name} is not signed by the log`);
    const differs = other.size > note.size || !same(tree.roots.get(other.size) ?? other.root, other.root);
    if (other.number === note.number && differs) findings.files.push(`${path}: ${name} is of another tree, or of a larger one`);
  }
}

// false if an entry is named that is not here, or left out
function fill(tree, folder, chains, findings) {
  for (const text of folder.lines("tree/leaves.ndjson")) {
    const row = parse(text);
    if (row && "hash" in row) {
      exactly(text, row, ["level", "hash"]);
      tree.put(row.level, bytesOf(row.hash));
      continue;
    }
    exactly(text, row, ["station", "log", "first_seq", "count"]);
    const chain = chains.get(nameOf(row));
    if (!chain) throw new Bad("names a log that is not here");
    if (row.first_seq !== chain.due || !(row.count > 0)) return void findings.entry(chain.log, chain.due, "is left out of the tree");
    chain.due += row.count;
    if (chain.due > chain.end + 1) return void findings.entry(chain.log, chain.end + 1, "is in the signed tree, and missing here");
    for (let seq = row.first_seq; seq < chain.due; seq++) tree.put(0, chain.leaf(seq));
  }
  return true;
}

function checkTaken(note, tree, chain, findings) {
  for (const { kind, seq, ext } of chain.told) {
    if (kind !== CHECKPOINT || Number(ext[2]) !== note.number) continue;
    const size = Number(ext[0]);
    if (size <= note.size && same(tree.roots.get(size) ?? ext[1], ext[1])) continue;
    return void findings.files.push(`tree/checkpoint: another tree than the one in entry ${seq} of ${nameOf(chain.log)}`);
  }
}

function checkSuccessor(note, centre, findings) {
  if (centre?.first !== 1) return;
  const leads = ({ kind, seq, ext, actor, witness }) =>
    kind === SUCCESSOR && seq < centre.due && ext[3] === note.origin && actor && witness && actor !== witness;
  if (!centre.told.some(leads)) findings.files.push(`tree/checkpoint: nothing in the tree begins ${note.origin}`);
}

// --- what others have

function checkHeads({ kind, ofCentre }, chains, findings, heads) {
  for (const { station, log, seq, head } of heads) {
    const chain = chains.get(`${station}-${log}`);
    if (!chain && kind === "export" && ofCentre) findings.entry({ station, log }, 1, `is missing with its log: the centre answered for ${seq}`);
    else if (!chain) findings.notes.push(`${station}-${log}: a head was given, nothing of it is here`);
    else if (seq > chain.log.seq) {
      if (kind === "export") findings.entry(chain.log, chain.log.seq + 1, `is missing: the centre answered for ${seq}`);
    } else if (seq >= chain.first - 1 && seq <= chain.end && !same(chain.head(seq), bytesOf(head))) {
      findings.entry(chain.log, Math.max(seq, 1), "or one before it is not the one that was answered", 1);
    }
  }
}

function compareLogs(ours, theirs, where, findings) {
  const [low, high] = [Math.max(ours.first, theirs.first), Math.min(ours.end, theirs.end)];
  if (low > high) return;
  if (ours.log.genesis !== theirs.log.genesis) return findings.entry(ours.log, low, `has another genesis in ${where}`, 1);
  for (let seq = low; seq <= high; seq++) {
    if (!same(ours.leaf(seq), theirs.leaf(seq))) return findings.entry(ours.log, seq, `is another one in ${where}`);
  }
  if (!same(ours.head(low), theirs.head(low))) findings.entry(ours.log, low, `follows another history in ${where}`, 1);
}

function checkAgainst(mine, other, where) {
  const { findings } = mine;
  for (const [name, theirs] of other.chains) {
    const ours = mine.chains.get(name);
    if (ours) compareLogs(ours, theirs, where, findings);
    if (mine.kind === "packet" || !other.ofCentre || other.made > mine.made) continue;
    if (ours?.whole && ours.end < theirs.end) findings.entry(ours.log, ours.end + 1, `is missing, ${where} has it`);
    if (!ours && mine.ofCentre) findings.files.push(`manifest.json: ${name} is missing, ${where} has it`);
  }
}

// --- all together

function examine(path, given) {
  const [findings, folder] = [new Findings(), new Folder(path)];
  const read = { findings, chains: new Map(), kind: "", made: 0, ofCentre: false };
  const manifest = findings.try("manifest.json", () => readManifest(folder, findings, given.ca));
  if (!manifest) return read;
  const logs = findings.try("manifest.json", () => manifest.logs.map((log) => checkLog(log, given.keys ?? {}, manifest)));
  if (!logs) return read;
  const kind = manifest.format.replace("apotheca-", "");
  Object.assign(read, { kind, made: manifest.made_utc_ms, ofCentre: kind === "packet" || "centre" in manifest.public_keys });
  for (const log of logs) read.chains.set(nameOf(log), new Chain(log));
  if (kind === "packet") checkDataset(folder, manifest, [...read.chains.values()], given.keys ?? {}, findings, readChain);
  else checkExport(folder, manifest, read.chains, given.keys ?? {}, findings);
  for (const chain of read.chains.values()) {
    if (chain.oddSeals.length) findings.entry(chain.log, chain.oddSeals[0], "a seal that does not count on");
  }
  checkHeads(read, read.chains, findings, given.heads ?? []);
  for (const other of given.against ?? []) checkAgainst(read, known(other, given), other);
  findings.try("tree/checkpoint", () => checkTree(folder, manifest.site, read.chains, findings, given));
  return read;
}

const examined = new Map();
function known(path, { ca }) {
  if (!examined.has(path)) examined.set(path, examine(path, { ca }));
  const other = examined.get(path);
  if (!other.findings.result.good) throw new Error(`${path} is not good itself: ${other.findings.result.files}`);
  return other;
}

function checkLog(log, keys) {
  const where = `genesis of ${nameOf(log)}`;
  const fields = reader.decode(bytesOf(log.genesis));
  if (fields[0] !== 1n || fields[1] !== log.station || fields[2] !== BigInt(log.log)) throw new Bad(`${where}: of another log`);
  if (fields[3].toString("hex") !== log.key_id && log.key_id !== undefined) throw new Bad(`${where}: another key than the manifest's`);
  if (log.first_seq === 1 && log.start_head !== reader.headZero(bytesOf(log.genesis)).toString("hex")) throw new Bad(`${where}: does not begin there`);
  const key = keys[nameOf(log)];
  const id = key && sha256(Buffer.concat([Buffer.from("apotheca/1/key-id"), key])).subarray(0, 16);
  if (id && !same(id, fields[3])) throw new Bad(`${where}: another key than the one given`);
  return log;
}

function checkExport(folder, manifest, chains, keys, findings) {
  for (const [name, chain] of chains) {
    readChain(chain, folder.lines(`ledger/${name}.pages`), ["seq", "page", "leaf", "head"], keys[name], findings);
    findings.notes.push(`${name}: ${chain.end} entries follow from the genesis`);
  }
  const publicKeyOf = (id) => {
    if (!manifest.public_keys[id]) throw new Bad(`signed by ${id}, whose key the manifest does not have`);
    return createPublicKey(manifest.public_keys[id]);
  };
  checkBatches(folder, chains, publicKeyOf, findings);
  for (const chain of chains.values()) if (chain.whole) checkJournal(folder, chain, findings);
}

export const verify = (path, given = {}) => examine(path, given).findings.result;
