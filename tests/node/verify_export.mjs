// node verify_export.mjs DIR: verifies what `apotheca export --out DIR` or `apotheca packet make` wrote, from the documents
// alone and without a key. Says in plain words what it found; exit code 0 if all holds, 1 if not, then with the first bad
// entry of each log.
// node verify_export.mjs --cases FILE: a case a line, {"folder", "given": {...}} (verifier.mjs; bytes in base64); a result a line.
import { readFileSync } from "node:fs";
import { verify } from "./verifier.mjs";

const raw = (texts = {}) => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text, "base64")]));

function verifyCases(file) {
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const { folder, given } = JSON.parse(line);
    console.log(JSON.stringify(verify(folder, { ...given, keys: raw(given.keys), checkpoints: raw(given.checkpoints) })));
  }
  return 0;
}

function verifyOne(folder) {
  const { good, entries, files, notes } = verify(folder);
  for (const line of notes) console.log(line);
  for (const line of [...entries, ...files]) console.error(line);
  console.log(good ? "every entry is as its station wrote it" : "this is NOT what the stations wrote");
  return good ? 0 : 1;
}

const [first, second] = process.argv.slice(2);
process.exitCode = first === "--cases" ? verifyCases(second) : verifyOne(first);
