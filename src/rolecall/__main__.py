"""`python -m rolecall` is the command `rolecall`."""

import sys

from rolecall.cli import main

if __name__ == "__main__":
    sys.exit(main())
