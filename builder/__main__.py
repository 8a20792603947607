"""`python -m builder` is the same as the command `topicsite`."""

from builder.cli import main

if __name__ == "__main__":
    main()
