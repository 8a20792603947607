"""A bucket as its owner sees it, past topicsite: made, read, written and deleted from with boto3."""

import itertools
from collections.abc import Mapping
from typing import Any, Self

import boto3
from moto.s3.models import s3_backends

from builder.deploy.records import is_book

KEY = "AKIDEXAMPLE0LOOPBACK"
SECRET = "made-up/secret+of=the+tests"

#: Whose buckets the server takes them for.
ACCOUNT = "123456789012"

_names = (f"bucket-{number:05}" for number in itertools.count())


class Bucket:
    """A bucket of an S3 server on loopback."""

    def __init__(self, url: str, name: str, key: str = KEY, secret: str = SECRET) -> None:
        self.url = url
        self.name = name
        self.client: Any = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1"
        )

    @classmethod
    def new(cls, url: str) -> Self:
        """Make a bucket with a name of its own."""
        made = cls(url, next(_names))
        made.client.create_bucket(Bucket=made.name)
        return made

    def target(self, **keys: object) -> dict[str, object]:
        """Return the settings of a deploy target for it."""
        return {"type": "s3", "bucket": self.name, "endpoint": self.url, "concurrency": 8, **keys}

    def names(self) -> set[str]:
        """Return the names of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return {item["Key"] for page in pages for item in page.get("Contents", ())}

    def files(self) -> dict[str, bytes]:
        """Return all objects but the books of deploys."""
        return {name: self.read(name) for name in sorted(self.names()) if not is_book(name)}

    def inside(self) -> dict[str, bytes]:
        """Return all objects but the books, of a server in this process, as they lie in its memory."""
        keys = s3_backends[ACCOUNT]["aws"].buckets[self.name].keys
        found = {str(name): bytes(key.value) for name, key in keys.items()}
        return {name: data for name, data in sorted(found.items()) if not is_book(name)}

    def read(self, name: str) -> bytes:
        """Return an object's bytes."""
        data: bytes = self.client.get_object(Bucket=self.name, Key=name)["Body"].read()
        return data

    def head(self, name: str) -> Mapping[str, object]:
        """Return an object's headers."""
        found: Mapping[str, object] = self.client.head_object(Bucket=self.name, Key=name)
        return found

    def put(self, name: str, data: bytes) -> None:
        """Put an object there, as somebody else."""
        self.client.put_object(Bucket=self.name, Key=name, Body=data)

    def delete(self, name: str) -> None:
        """Delete an object, as somebody else."""
        self.client.delete_object(Bucket=self.name, Key=name)
