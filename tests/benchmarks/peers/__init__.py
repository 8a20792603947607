"""The corpus as sites of other generators: `sites/` has their templates and settings, a module each writes the rest."""
