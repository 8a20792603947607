"""Files that are not pages, one file each: a function of views, records and the configuration, to text."""
