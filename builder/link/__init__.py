"""Who links to whom, by which rule and why. One file a rule or step; nothing here knows a template."""
