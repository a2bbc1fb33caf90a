"""The messages of OpenID4VCI and OpenID4VP: build, parse and check, one file per message."""
