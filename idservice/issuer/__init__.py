"""The issuer room: OpenID4VCI 1.0 with the pre-authorized code flow, and its authorization server.

`offers` and `lifecycle` are what other rooms call. Everything that concerns one wallet request
(token, nonce, key proofs, credential, notification) is reached through `routes` only.
"""
