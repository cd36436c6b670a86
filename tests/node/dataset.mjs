// A packet's chains with its dataset: a row for each entry of the period (docs/packets.md; names from docs/schemas).
import { readFileSync } from "node:fs";
import { Bad } from "./folder.mjs";

const SCHEMA = new URL("../../docs/schemas/packet-dataset.schema.json", import.meta.url);
const YEAR_10000_MS = 253402300800000n;
const named = new Map(
  JSON.parse(readFileSync(SCHEMA, "utf8")).allOf.map(({ if: when, then }) => [
    BigInt(when.properties.kind.const),
    [then.properties.name.const, then.properties.ext.required ?? []],
  ]),
);

// As Python's json.dumps writes it; `row` is an array of [name, value].
function python(value) {
  if (value === null) return "null";
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "string") return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
  if (Buffer.isBuffer(value)) return `"${value.toString("hex")}"`;
  if (value instanceof Map) return `{${[...value].map(([name, one]) => `"${name}": ${python(one)}`).join(", ")}}`;
  return `[${value.map(python).join(", ")}]`;
}
const escaped = (c) => (c === "\u007f" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

function iso(utcMs) {
  if (utcMs >= YEAR_10000_MS) return null;
  return new Date(Number(utcMs)).toISOString().replace("Z", "+00:00");
}

function rowOf(entry, [data, disclosure]) {
  const [name, names] = named.get(entry.kind) ?? [`kind_${entry.kind}`, []];
  const ext = new Map(entry.ext.map((value, i) => [names[i] ?? `${i}`, value]));
  const { station, log, seq, boot, utc_ms, mono_ms, tq, kind, actor, witness, item, place, before, change, after, txn, ref } = entry;
  const [patient, order] = disclosure ? disclosure.slice(1) : ["", ""];
  const first = { station, log, seq, boot, utc_ms, utc: iso(utc_ms), mono_ms, tq, kind, name, actor, witness, item, place };
  return python(new Map(Object.entries({ ...first, before, change, after, txn, ref, patient, order, ext, entry: data })));
}

export function checkDataset(folder, manifest, chains, keys, findings, readChain) {
  const rows = folder.lines("dataset.ndjson");
  let at = 0;
  for (const chain of chains) {
    const name = `${chain.log.station}-${chain.log.log}`;
    const begin = at;
    const see = (entry) => {
      if (entry.utc_ms < BigInt(manifest.from_utc_ms) || entry.utc_ms >= BigInt(manifest.to_utc_ms)) return;
      if (rows[at++] !== rowOf(entry, chain.pages.at(-1))) throw new Bad("its row in dataset.ndjson is missing, moved or does not say that");
    };
    readChain(chain, folder.lines(`chains/${name}.ndjson`), ["seq", "page", "head"], keys[name], findings, see);
    if (!chain.whole) return;
    if (at - begin !== chain.log.entries) findings.files.push(`manifest.json: ${name} has ${at - begin} entries of the period`);
    findings.notes.push(`${name}: ${at - begin} entries of the period`);
  }
  if (at < rows.length) findings.files.push("dataset.ndjson: rows that are of no entry of the period");
}
