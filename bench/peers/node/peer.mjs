// The npm packages @sd-jwt/sd-jwt-vc, @sd-jwt/jwt-status-list and @digitalbazaar/vc-bitstring-status-list
// as peers: same work as ours. Reads {"op", "seconds"} lines, answers {"rate"} lines (per second of CPU time).
import { generateKeyPairSync, randomBytes, sign, verify, webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { digest, generateSalt } from "@sd-jwt/crypto-nodejs";
import { StatusList } from "@sd-jwt/jwt-status-list";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import { createList, decodeList } from "@digitalbazaar/vc-bitstring-status-list";

const claims = JSON.parse(process.argv[2]);
const disclosed = JSON.parse(process.argv[3]);
const nonce = "n-0S6_WzA2Mj";
const audience = "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk";
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = pair();
const holder = pair();
const signer = (key) => async (data) =>
  sign("sha256", Buffer.from(data), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
const verifier = (key) => async (data, signature) =>
  verify("sha256", Buffer.from(data), { key: key.publicKey, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
const instance = new SDJwtVcInstance({
  signer: signer(issuer), verifier: verifier(issuer), signAlg: "ES256",
  hasher: digest, hashAlg: "sha-256", saltGenerator: generateSalt,
  kbSigner: signer(holder), kbSignAlg: "ES256", kbVerifier: verifier(holder),
});
const iat = Math.floor(Date.now() / 1000);
const issue = () => instance.issue(
  { iss: "https://id.example", vct: "https://id.example/vct/e-residency/1", exp: 2000000000,
    cnf: { jwk: holder.publicKey.export({ format: "jwk" }) }, ...claims },
  { _sd: Object.keys(claims) });
const present = (credential) => instance.present(
  credential, Object.fromEntries(disclosed.map((name) => [name, true])),
  { kb: { payload: { iat, aud: audience, nonce } } });
const check = (presentation) => instance.verify(presentation, { requiredClaimKeys: [], keyBindingNonce: nonce });
const credential = await issue();
const presentation = await present(credential);
await check(presentation);

const million = 1_000_000;
const revoked = Array.from({ length: million / 100 }, () => randomBytes(4).readUInt32BE() % million);
const bitstring = await createList({ length: 1_000_192 });
for (const index of revoked) bitstring.setStatus(index, true);
const encoded = await bitstring.encode();
const values = Array(million).fill(0);
for (const index of revoked) values[index] = 1;
const tokenList = new StatusList(values, 1);
const compressed = tokenList.compressStatusList();

const operations = {
  "SD-JWT VC issue": issue,
  "SD-JWT VC present 3 + KB": () => present(credential),
  "SD-JWT VC verify + KB": () => check(presentation),
  "status list 1 M encode (@sd-jwt)": () => tokenList.compressStatusList(),
  "status list 1 M encode (Digital Bazaar)": () => bitstring.encode(),
  "status list 1 M decode + read (@sd-jwt)": () => StatusList.decompressStatusList(compressed, 1).getStatus(77),
  "status list 1 M decode + read (Digital Bazaar)": async () => (await decodeList({ encodedList: encoded })).getStatus(77),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const act = operations[asked.op];
  let rate = null;
  if (act) {
    let count = 0;
    const start = process.cpuUsage();
    const gone = () => { const used = process.cpuUsage(start); return (used.user + used.system) / 1e6; };
    while (gone() < asked.seconds) { await act(); count += 1; }
    rate = count / gone();
  }
  console.log(JSON.stringify({ rate }));
}
