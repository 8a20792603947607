"""Deploying: the difference between a build and a target, shown, then sent in an order that keeps the site whole.

`run.py` tells the story. `plan.py` is the pure difference; one file per kind of target does the sending: `bucket.py`
(S3, GCS, Azure), `folder.py`, `rsync.py`, `branch.py`, `hosts.py` (Cloudflare Pages, Netlify). Their settings are in
`builder/targets.py`. Nothing here prints or reads the clock; what an author or the machine did wrong is an exception.
"""
