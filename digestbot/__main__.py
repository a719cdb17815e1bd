"""Where the command line begins: its modules take Python a tenth of a second, in which Ctrl-C is no fault either."""

import sys

try:
    from digestbot.cli import main
except KeyboardInterrupt:
    sys.exit(130)

if __name__ == "__main__":
    main()
