"""The wallet command: a resident's keys and credentials."""
