// A packet's or export's folder: what lies in it, and the manifest that was signed (docs/packets.md).
import { X509Certificate, createHash, verify } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export class Bad extends Error {}
export const sha256 = (data) => createHash("sha256").update(data).digest();

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const KEY_USAGE = Buffer.from("0603551d0f", "hex");
const CONTENT_COMMITMENT = 0x40;

export class Folder {
  constructor(root) {
    this.root = root;
    this.names = new Set();
    this.strange = []; // links, pipes, folders without a file
    this.list("");
  }

  list(under) {
    const found = readdirSync(join(this.root, under), { withFileTypes: true });
    if (under && !found.length) this.strange.push(under.slice(0, -1));
    for (const one of found) {
      const name = under + one.name;
      if (one.isDirectory()) this.list(`${name}/`);
      else if (one.isFile()) this.names.add(name);
      else this.strange.push(name);
    }
  }

  read(name) {
    if (!this.names.has(name)) throw new Bad(`${name} is missing`);
    return readFileSync(join(this.root, name));
  }

  // Without their ends; a last line without one counts as cut.
  lines(name) {
    if (!this.names.has(name)) return [];
    const lines = this.read(name).toString("utf8").split("\n");
    const rest = lines.pop();
    return rest === "" ? lines : [...lines, `${rest}(cut)`];
  }
}

export function readManifest(folder, findings, ca) {
  const raw = folder.read("manifest.json");
  let manifest;
  try {
    manifest = JSON.parse(raw.toString("utf8"));
  } catch {
    throw new Bad("not JSON");
  }
  const known = ["apotheca-packet", "apotheca-export"].includes(manifest?.format) && manifest.v === 1;
  if (!known || !Array.isArray(manifest.logs) || typeof manifest.files !== "object") throw new Bad("not one of version 1");
  const signer = findings.try("manifest.json", () => readSigner(folder, manifest));
  if (signer) {
    findings.try("manifest.sig", () => checkSignature(signer, raw, folder.read("manifest.sig")));
    if (ca) findings.try("manifest.json", () => checkTrust(signer, new X509Certificate(ca), manifest.made_utc_ms));
    findings.notes.push(`${signer.subject} signed this`);
  }
  checkFiles(folder, manifest.files, findings);
  return manifest;
}

function readSigner(folder, { signer, files }) {
  const data = folder.read(signer?.certificate ?? "a certificate");
  if (sha256(data).toString("hex") !== files[signer.certificate]?.sha256) throw new Bad("names another certificate");
  try {
    return new X509Certificate(data);
  } catch {
    throw new Bad(`${signer.certificate} is none`);
  }
}

// DER of r and s, s in the lower half: there is one form only.
function checkSignature(signer, raw, signature) {
  const hex = signature.toString("hex");
  const found = /^30(..)02(..)/.exec(hex);
  const size = found ? parseInt(found[2], 16) : 0;
  const s = hex.slice(8 + 2 * size + 4);
  if (!s || BigInt(`0x${s}`) > ORDER / 2n) throw new Bad("not in its one form");
  if (!verify("sha256", raw, signer.publicKey, signature)) throw new Bad("does not sign manifest.json");
}

function checkTrust(signer, authority, madeMs) {
  if (!signer.checkIssued(authority) || !signer.verify(authority.publicKey)) throw new Bad("the signer is not of that authority");
  const at = signer.raw.indexOf(KEY_USAGE);
  const bits = at < 0 ? null : signer.raw.indexOf(Buffer.from([0x03]), signer.raw.indexOf(Buffer.from([0x04]), at + KEY_USAGE.length));
  if (bits === null || !(signer.raw[bits + 3] & CONTENT_COMMITMENT)) throw new Bad("the certificate is not for signing documents");
  for (const one of [signer, authority]) {
    if (madeMs < Date.parse(one.validFrom) || madeMs > Date.parse(one.validTo)) throw new Bad("a certificate was not valid then");
  }
}

function checkFiles(folder, stated, findings) {
  for (const name of folder.strange) findings.files.push(`${name}: no plain file`);
  for (const name of Object.keys(stated)) if (!folder.names.has(name)) findings.files.push(`${name}: missing`);
  for (const name of folder.names) {
    if (name === "manifest.json" || name === "manifest.sig") continue;
    if (!(name in stated)) findings.files.push(`${name}: was not there when this was signed`);
    else if (!fits(folder, name, stated[name])) findings.files.push(`${name}: not as it was signed`);
  }
}

const fits = (folder, name, { sha256: hash, bytes }) =>
  statSync(join(folder.root, name)).size === bytes && sha256(folder.read(name)).toString("hex") === hash;
