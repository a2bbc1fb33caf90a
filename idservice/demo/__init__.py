"""The story of a first login, played with the real parts: `idservice demo`."""
