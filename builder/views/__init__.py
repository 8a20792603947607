"""What templates see: `types.py` lists it; the other files make it from definitions, links and the atlas."""
