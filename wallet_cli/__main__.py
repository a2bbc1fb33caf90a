"""The `wallet` command."""

import sys

from wallet_cli.cli import run
from wallet_cli.world import real_world


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    sys.exit(run(sys.argv[1:], world=real_world()))


if __name__ == "__main__":
    main()
