"""``python -m digestbot`` is the command line."""

from digestbot.cli import main

if __name__ == "__main__":
    main()
