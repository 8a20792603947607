"""CloudFront's cache: CreateInvalidation of its API, paths as XML, signed.

docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html; for what to invalidate and how many at a
time see "Invalidate files" in the developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from builder.deploy import aws
from builder.deploy.http import Request
from builder.deploy.records import DeployError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from builder.targets import CloudfrontKeys

API = "https://cloudfront.amazonaws.com"
VERSION = "2020-05-31"
#: Files that may be in progress at a time.
BATCH = 3000


def credentials(keys: CloudfrontKeys, environment: Mapping[str, str]) -> aws.Credentials:
    """Return the AWS credentials of the environment, or of a profile."""
    who = aws.credentials(environment, keys.profile)
    if who is None:
        raise DeployError(
            "purging CloudFront's cache needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or an "
            "AWS profile, with the right to cloudfront:CreateInvalidation"
        )
    return who


def requests(
    keys: CloudfrontKeys, urls: Sequence[str], base_url: str, who: aws.Credentials, identity: str, now: dt.datetime
) -> list[Request]:
    """Return the requests; above `all_above` one for everything below the site's path."""
    paths = [_path(url) for url in urls]
    if len(paths) > keys.all_above:
        paths = [f"{_path(base_url)}*"]
    address = f"{(keys.endpoint or API).rstrip('/')}/{VERSION}/distribution/{keys.distribution}/invalidation"
    made = []
    for start in range(0, len(paths), BATCH):
        body = _batch(paths[start : start + BATCH], f"topicsite-{identity}-{start // BATCH}")
        headers = aws.signed(
            "POST",
            address,
            {"Content-Type": "text/xml"},
            body,
            who=who,
            service="cloudfront",
            region="us-east-1",
            now=now,
        )
        made.append(Request("POST", address, headers, body))
    return made


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _batch(paths: Sequence[str], reference: str) -> bytes:
    items = "".join(f"<Path>{escape(path)}</Path>" for path in paths)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/{VERSION}/">'
        f"<Paths><Quantity>{len(paths)}</Quantity><Items>{items}</Items></Paths>"
        f"<CallerReference>{escape(reference)}</CallerReference></InvalidationBatch>"
    ).encode()
