// node verify_export.mjs DIR: verifies what `apotheca export --out DIR` wrote, from the documents alone and without a key:
// genesis, every ledger chain, the stations' signatures on batches, the pages the controllers still hold.
// Says in plain words what it found; exit code 0 if all holds, 1 if not, then with the first bad entry of each log.
import { createHash, createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as reader from "./reader.mjs";

class Bad extends Error {}

const folder = process.argv[2];
const troubles = [];
const sameBytes = (a, b) => Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b);
const nameOf = (log) => `${log.station}-${log.log}`;
const entryOf = (log, seq) => `station ${log.station}, log ${log.log}, seq ${seq}`;

function readText(name) {
  if (!existsSync(join(folder, name))) throw new Bad(`${name} is missing`);
  return readFileSync(join(folder, name), "utf8");
}

function parse(text, where) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Bad(`${where} is not JSON`);
  }
}

// Runs one check; what it refuses is told under `where`. A fault of the program itself is not taken for a finding.
function check(where, run) {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Bad || error instanceof reader.Refused)) throw error;
    troubles.push(`${where}: ${error.message}`);
    return null;
  }
}

const bytesOf = (hex) => Buffer.from(typeof hex === "string" && /^([0-9a-f]{2})*$/.test(hex) ? hex : "", "hex");
const linesOf = (name) => readText(name).split("\n").filter((line) => line !== "");

// --- manifest and genesis

function readManifest() {
  const manifest = parse(readText("manifest.json"), "manifest.json");
  if (manifest.v !== 1 || !Array.isArray(manifest.logs) || typeof manifest.public_keys !== "object") {
    throw new Bad("not a manifest of version 1");
  }
  return manifest;
}

function checkGenesis({ station, log, genesis, key_id }) {
  const fields = reader.decode(bytesOf(genesis));
  const [version, itsStation, itsLog, keyId] = Array.isArray(fields) ? fields : [];
  if (version !== 1n || itsStation !== station || itsLog !== BigInt(log)) throw new Bad("genesis of another log");
  if (keyId.toString("hex") !== key_id) throw new Bad("genesis and manifest name different keys");
  return true;
}

// --- ledger: every page follows from the genesis; `heads[n]` and `pages[n]` are those of entry n

function readLedger(log) {
  const heads = [reader.headZero(bytesOf(log.genesis))];
  const pages = [null];
  const name = `ledger/${nameOf(log)}.pages`;
  const lines = check(name, () => linesOf(name)) ?? [];
  for (const line of lines) {
    const good = check(entryOf(log, pages.length), () => readLine(log, line, pages.length, heads.at(-1)));
    if (!good) break;
    heads.push(good.head);
    pages.push(good.page);
  }
  return { ...log, heads, pages, end: pages.length - 1, whole: pages.length - 1 === lines.length };
}

function readLine(log, text, seq, previous) {
  const line = parse(text, "its line");
  const page = reader.decode(bytesOf(line.page));
  const from = { seq: BigInt(seq - 1), head: previous };
  const { head } = reader.verifyChain([page], { station: log.station, log: BigInt(log.log), from });
  const leaf = createHash("sha256").update(Buffer.from([0])).update(page[0]).digest("hex");
  if (line.seq !== seq) throw new Bad(`its line says ${line.seq}`);
  if (line.leaf !== leaf) throw new Bad("the leaf written beside it is not that of the entry");
  if (line.head !== head.toString("hex")) throw new Bad("the head written beside it does not follow from the chain");
  return { head, page };
}

function checkEnd(ledger) {
  if (!ledger.whole) return;
  const last = ledger.heads.at(-1).toString("hex");
  if (ledger.end === ledger.seq && last === ledger.head) return;
  const [seq, words] =
    ledger.end < ledger.seq
      ? [ledger.end + 1, `is missing: the log went up to ${ledger.seq}`]
      : [ledger.seq, `is where the log ended, the ledger has ${ledger.end} entries or another head`];
  troubles.push(`${entryOf(ledger, seq)}: ${words}`);
}

// An entry as someone else has it: the same bytes and MAC; a disclosure may have been taken out of either.
function compare(ledger, seq, page, who) {
  if (seq > ledger.end) {
    if (!ledger.whole) return true;
    throw new Bad(`is missing in the ledger, but ${who} has it`);
  }
  const own = ledger.pages[seq];
  const disclosed = own[1] === null || page[1] === null || own[1].every((part, i) => part.toString() === page[1][i].toString());
  if (sameBytes(own[0], page[0]) && sameBytes(own[2], page[2]) && disclosed) return true;
  throw new Bad(`is not the one that ${who} has`);
}

function compareAll(ledger, numbered, who) {
  return numbered.every(([seq, page]) => check(entryOf(ledger, seq), () => compare(ledger, seq, page, who)));
}

// --- batches: signed by the station, one after the other without a hole, their pages those of the ledger

function readBatch(name, publicKeyOf) {
  const data = readFileSync(join(folder, "batches", name));
  const { kid, payload } = reader.openEnvelope(data, "batch", publicKeyOf);
  const [version, station, log, first, previous, pages, last] = reader.decode(payload);
  if (version !== 1n || station !== kid || !Array.isArray(pages) || !pages.length) throw new Bad("not a batch");
  const from = { seq: first - 1n, head: previous };
  const { head } = reader.verifyChain(pages, { station, log, from });
  if (!sameBytes(head, last)) throw new Bad("last_head is not that of its pages");
  const numbers = [Number(first), Number(first) + pages.length - 1];
  if (name !== `${station}-${log}-${numbers.join("-")}.cose`) throw new Bad("holds other entries than its name says");
  return { name, log: `${station}-${log}`, first: numbers[0], last: numbers[1], previous, pages };
}

function checkBatches(ledger, batches) {
  let covered = 0;
  for (const batch of batches.sort((a, b) => a.first - b.first || a.last - b.last)) {
    const where = `batches/${batch.name}`;
    if (batch.first > covered + 1) break;
    const numbered = batch.pages.map((page, i) => [batch.first + i, page]);
    if (!compareAll(ledger, numbered, where)) return;
    const known = ledger.heads[batch.first - 1];
    if (known && !sameBytes(batch.previous, known)) {
      troubles.push(`${entryOf(ledger, batch.first)}: ${where} follows another history`);
      return;
    }
    covered = Math.max(covered, batch.last);
  }
  if (covered < ledger.end) troubles.push(`${entryOf(ledger, covered + 1)}: no batch with the station's signature has it`);
}

// --- journals: what a controller still holds

function checkJournal(ledger) {
  const name = `journals/${ledger.station}.ring`;
  const numbered = check(name, () => linesOf(name).map(readRingLine));
  if (numbered) compareAll(ledger, numbered, name);
  return numbered?.length ?? 0;
}

function readRingLine(text) {
  const line = parse(text, "a line");
  return [line.seq, reader.decode(bytesOf(line.page))];
}

// --- all together

function publicKeys(manifest) {
  const keys = new Map();
  for (const [id, pem] of Object.entries(manifest.public_keys)) {
    check(`manifest.json, key of ${id}`, () => {
      try {
        keys.set(id, createPublicKey(pem));
      } catch {
        throw new Bad("not a public key");
      }
    });
  }
  return (kid) => {
    if (!keys.has(kid)) throw new Bad(`signed by ${kid}, whose key the manifest does not have`);
    return keys.get(kid);
  };
}

function verifyStation(ledger, batches) {
  const own = batches.filter((batch) => batch?.log === nameOf(ledger));
  checkBatches(ledger, own);
  const held = checkJournal(ledger);
  return `${own.length} batches signed by the station, ${held} entries still in its journal`;
}

function main() {
  const manifest = check("manifest.json", readManifest);
  if (!manifest) return;
  const publicKeyOf = publicKeys(manifest);
  const known = new Set(manifest.logs.map(nameOf));
  const names = existsSync(join(folder, "batches")) ? readdirSync(join(folder, "batches")) : [];
  const batches = names.map((name) => check(`batches/${name}`, () => readBatch(name, publicKeyOf)));
  for (const log of manifest.logs) {
    if (!check(`manifest.json, genesis of ${nameOf(log)}`, () => checkGenesis(log))) continue;
    const ledger = readLedger(log);
    const more = log.station === "centre" ? "the centre's own log" : verifyStation(ledger, batches);
    checkEnd(ledger);
    console.log(`${nameOf(log)}: ${ledger.end} entries follow from the genesis; ${more}`);
  }
  const strange = batches.filter((batch) => batch && !known.has(batch.log));
  strange.forEach((batch) => troubles.push(`batches/${batch.name}: of a log that the manifest does not have`));
}

main();
for (const line of troubles) console.error(line);
console.log(troubles.length ? "this export is NOT what the stations wrote" : "every entry is as its station wrote it");
process.exit(troubles.length ? 1 : 0);
