"""The verifier: agencies ask (OpenID4VP 1.0), wallets answer, verdicts are explained."""
