"""Checks of a built site: one file each. A check is a function of records and of the configuration to diagnostics."""
