// node:http with @sd-jwt/sd-jwt-vc: POST /verify {"presentation"} and POST /issue {claims}, nothing stored.
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { createServer } from "node:http";
import { digest, generateSalt } from "@sd-jwt/crypto-nodejs";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

const claims = JSON.parse(process.argv[2]);
const disclosed = JSON.parse(process.argv[3]);
const nonce = "n-0S6_WzA2Mj";
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = pair();
const holder = pair();
const signer = (key) => async (data) =>
  sign("sha256", Buffer.from(data), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
const verifier = (key) => async (data, signature) =>
  verify("sha256", Buffer.from(data), { key: key.publicKey, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
const instance = new SDJwtVcInstance({
  signer: signer(issuer), verifier: verifier(issuer), signAlg: "ES256", hasher: digest, hashAlg: "sha-256",
  saltGenerator: generateSalt, kbSigner: signer(holder), kbSignAlg: "ES256", kbVerifier: verifier(holder),
});
const issue = (body) => instance.issue(
  { iss: "https://id.example", vct: "https://id.example/vct/e-residency/1", exp: 2000000000,
    cnf: { jwk: holder.publicKey.export({ format: "jwk" }) }, ...body },
  { _sd: Object.keys(body) });
const presentation = await instance.present(
  await issue(claims), Object.fromEntries(disclosed.map((name) => [name, true])),
  { kb: { payload: { iat: Math.floor(Date.now() / 1000), aud: "a", nonce } } });

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const body = JSON.parse(Buffer.concat(parts).toString());
    const answer = request.url === "/issue"
      ? { credential: await issue(body) }
      : { verified: (await instance.verify(body.presentation, { requiredClaimKeys: [], keyBindingNonce: nonce })).payload };
    const text = JSON.stringify(answer);
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port, presentation })));
