"""topicsite: a compiler of topical maps into static sites. Start reading at `ARCHITECTURE.md` and `pipeline.py`."""

__version__ = "0.1.0"
