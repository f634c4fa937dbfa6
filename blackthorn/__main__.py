"""`python -m blackthorn`: the command line without its script."""

import sys

from blackthorn.cli import main

if __name__ == "__main__":
    sys.exit(main())
