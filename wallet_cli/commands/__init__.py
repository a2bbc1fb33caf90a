"""One command in each file: its function is `run`, or `COMMANDS` names the functions of sub-commands."""
