"""Attacks that once worked, or that nobody may ever make work: each test sends the attacker's own bytes."""
