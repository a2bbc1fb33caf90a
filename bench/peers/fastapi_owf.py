"""FastAPI with the PyPI package sd-jwt: POST /verify {"presentation"} and POST /issue {claims}, nothing stored."""

import json
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

CLAIMS, DISCLOSED = json.loads(sys.argv[1]), json.loads(sys.argv[2])
ISSUER_KEY, HOLDER_KEY = (JWK.generate(kty="EC", crv="P-256", alg="ES256") for _ in range(2))
ISSUER_PUBLIC, HOLDER_PUBLIC = JWK.from_json(ISSUER_KEY.export_public()), JWK.from_json(HOLDER_KEY.export_public())
app = FastAPI()


def issue(claims: dict) -> str:
    payload = {"vct": "https://id.example/vct/e-residency/1", "exp": 2000000000}
    payload |= {SDObj(name): value for name, value in claims.items()}
    return SDJWTIssuer(
        payload, ISSUER_KEY, HOLDER_PUBLIC, sign_alg="ES256", serialization_format="compact"
    ).sd_jwt_issuance


def present() -> str:
    holder = SDJWTHolder(issue(CLAIMS))
    holder.create_presentation(dict.fromkeys(DISCLOSED, True), "n", "a", HOLDER_KEY, sign_alg="ES256")
    return holder.sd_jwt_presentation


@app.post("/verify")
async def verify(request: Request) -> dict:
    body = await request.json()
    return SDJWTVerifier(body["presentation"], lambda *_: ISSUER_PUBLIC, "a", "n").get_verified_payload()


@app.post("/issue")
async def issue_one(request: Request) -> dict:
    return {"credential": issue(await request.json())}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(128)
print(json.dumps({"port": listener.getsockname()[1], "presentation": present()}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
