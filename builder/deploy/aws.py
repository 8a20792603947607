"""Credentials of Amazon Web Services and their signature, version 4: for S3 and for CloudFront.

obstore finds credentials in the environment, in web identities, in containers and in instances by itself; what it does
not read is the file that `aws configure` writes, so that is done here.
"""

from __future__ import annotations

import configparser
import datetime as dt
import hashlib
import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Credentials(NamedTuple):
    """A key pair, with the token of a session where there is one."""

    key: str
    secret: str
    token: str = ""


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Return the credentials of the environment."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN", "")) if key and secret else None


def from_profile(environment: Mapping[str, str], profile: str | None = None) -> Credentials | None:
    """Return the static credentials of a profile in the AWS credentials file, if it has any."""
    home = environment.get("HOME") or str(Path.home())
    path = environment.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.join(home, ".aws", "credentials")  # noqa: PTH118
    file = configparser.RawConfigParser(strict=False)
    try:
        file.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    name = profile or environment.get("AWS_PROFILE") or "default"
    if not file.has_section(name):
        return None
    keys = dict(file.items(name))
    key, secret = keys.get("aws_access_key_id", ""), keys.get("aws_secret_access_key", "")
    return Credentials(key, secret, keys.get("aws_session_token", "")) if key and secret else None


def credentials(environment: Mapping[str, str], profile: str | None = None) -> Credentials | None:
    """Return credentials as the AWS tools choose them: a named profile, the environment, the default profile."""
    if profile:
        return from_profile(environment, profile)
    return from_environment(environment) or from_profile(environment)


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    who: Credentials,
    service: str,
    region: str,
    now: dt.datetime,
) -> dict[str, str]:
    """Return the headers of a request with its signature (AWS, "Create a signed AWS API request")."""
    parts = urlsplit(url)
    date = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    given = {**headers, "Host": parts.netloc, "X-Amz-Date": date}
    if who.token:
        given["X-Amz-Security-Token"] = who.token
    folded = {
        name.lower(): " ".join(value.split()) for name, value in sorted(given.items(), key=lambda i: i[0].lower())
    }
    names = ";".join(folded)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~%"),
            query,
            *(f"{name}:{value}" for name, value in folded.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{who.secret}".encode()
    for part in (date[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    given["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={who.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    del given["Host"]
    return given
