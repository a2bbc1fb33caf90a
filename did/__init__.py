"""Keys and decentralized identifiers: pure functions and values, no input or output of their own."""
