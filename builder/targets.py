"""What `deploy:` in site.yaml may say: the schema of deploy targets, validated with the rest of site.yaml.

Stands below the pipeline, so that `check` and every build report a target's errors; `builder/deploy/` does the work.
No target has a key for a secret. What looks like one is an error that never shows the value and names the variable of
the environment where it belongs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from builder.diagnostics import Diagnostic, did_you_mean, error
from builder.load import shorten
from builder.validation import described, validate
from builder.values import BaseUrl, Count, Model, Text, Texts, WebUrl, choice, one_or_list, whole, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _duration(value: Any) -> Any:
    """Return the seconds of a text such as `7d`, `12h` or `0`."""
    found = re.fullmatch(r"([0-9]{1,6})\s*([smhdw]?)", str(value).strip()) if not isinstance(value, bool) else None
    if not found or (not found[2] and int(found[1])):
        raise wrong(f"expected a length of time, found '{shorten(str(value))}'", "such as 7d, 12h or 0")
    return int(found[1]) * _UNITS[found[2]]


def _limit(value: str) -> str:
    if not re.fullmatch(r"[0-9]+|[0-9]{1,2}%|100%", value):
        raise wrong(f"expected a number or a share, found '{shorten(value)}'", "such as 50 or 10%")
    return value


def _prefix(value: str) -> str:
    plain = value.strip("/")
    if re.search(r"(^|/)(\.{0,2})(/|$)|[\\\x00-\x1f]", plain) and plain:
        raise wrong(f"'{shorten(value)}' is no folder within a bucket", "such as docs or docs/v2")
    return plain


def _domain(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+", value):
        raise wrong(f"expected a domain name, found '{shorten(value)}'", "such as www.example.com")
    return value


def _branch(value: str) -> str:
    # git-check-ref-format(1), as far as names of branches go.
    if re.search(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|^[/.-]|[/.]$|\.lock(/|$)|/\.", value):
        raise wrong(f"'{shorten(value)}' cannot be a branch's name", "such as gh-pages")
    return value


def _not_an_option(value: str) -> str:
    if value.startswith("-"):
        raise wrong(f"'{shorten(value)}' begins with `-`, which programs take for an option")
    return value


def _index_now_key(value: str) -> str:
    # indexnow.org, "Documentation".
    if not re.fullmatch(r"[A-Za-z0-9-]{8,128}", value):
        raise wrong("an IndexNow key has 8 to 128 letters, digits and hyphens", "make one with `openssl rand -hex 16`")
    return value


def _zone(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{32}", value):
        raise wrong(
            f"expected a zone's id, found '{shorten(value)}'", "32 hexadecimal digits, on the zone's overview page"
        )
    return value


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


Duration = Annotated[int, BeforeValidator(_duration)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Workers = Annotated[int, BeforeValidator(whole), Field(ge=1, le=512)]
Plain = Annotated[Text, AfterValidator(_not_an_option)]
Compression = Annotated[Literal["gzip", "br", "off"], BeforeValidator(choice("gzip", "br", "off"))]
SideFiles = Annotated[
    list[Annotated[Literal["gzip", "br"], BeforeValidator(choice("gzip", "br"))]],
    BeforeValidator(lambda value: [] if value in ("off", "none") else one_or_list(value)),
]


class PurgeKeys(Model):
    """The cache in front of a target."""

    type: str
    """cloudfront, cloudflare, fastly or bunny."""
    base_url: BaseUrl | None = None
    """The address under which the cache serves the site; default: the site's `base_url`."""
    all_above: Count = 1000
    """With more changed URLs than this, everything is purged at once where the cache can do that."""
    endpoint: WebUrl | None = None
    """The API's address; default: the maker's."""


class CloudfrontKeys(PurgeKeys):
    """Amazon CloudFront; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or an AWS profile."""

    distribution: Plain
    """The distribution's id, such as E2EXAMPLE."""
    profile: Text | None = None
    """The profile of the AWS credentials file."""


class CloudflareKeys(PurgeKeys):
    """Cloudflare; CLOUDFLARE_API_TOKEN in the environment."""

    zone: Annotated[Text, AfterValidator(_zone)]
    """The zone's id."""


class FastlyKeys(PurgeKeys):
    """Fastly; FASTLY_API_TOKEN in the environment."""

    service: Plain | None = None
    """The service's id; needed to purge everything."""
    soft: bool = True
    """Whether old copies may still be served while the new one is fetched."""


class BunnyKeys(PurgeKeys):
    """bunny.net; BUNNY_API_KEY in the environment."""

    pull_zone: Plain | None = None
    """The pull zone's number; needed to purge everything."""


class IndexNowKeys(Model):
    """Telling search engines which URLs changed (indexnow.org)."""

    key: Annotated[Text, AfterValidator(_index_now_key)]
    """The key, which is public: deploy uploads it as `<key>.txt`."""
    endpoint: WebUrl = "https://api.indexnow.org/indexnow"
    """Where to tell."""


class TargetKeys(Model):
    """What all targets share."""

    type: str
    """The kind of target."""
    base_url: BaseUrl | None = None
    """Build for this address instead of the site's, for example for staging."""
    max_delete: Annotated[Text, AfterValidator(_limit)] = "10%"
    """More deletions than this, a number or a share of the live files, are refused; ten are always allowed."""
    keep: Texts = []
    """Files that deploy leaves alone: neither written nor deleted. `*` within a folder, `**` across folders."""
    keep_old_assets: Duration = 604_800
    """How long assets stay that the site no longer uses, for visitors and caches with older pages; default `7d`."""
    purge: PurgeKeys | None = None
    """The cache in front of it."""
    indexnow: IndexNowKeys | None = None
    """Telling search engines which URLs changed."""


class BucketKeys(TargetKeys):
    """What buckets share."""

    prefix: Prefix = ""
    """The folder in the bucket."""
    compress: Compression = "off"
    """Store text compressed, with its Content-Encoding: gzip, br or off."""
    concurrency: Workers = 32
    """Uploads at a time."""
    keep_deploys: Count = 1
    """How many deploys back `--rollback` can go; what they need is kept in `.topicsite/` at the target."""
    endpoint: WebUrl | None = None
    """The address of a compatible service; default: the maker's."""


class S3Keys(BucketKeys):
    """Amazon S3 and what speaks its protocol (R2, B2, MinIO …)."""

    bucket: Plain
    """The bucket."""
    region: Plain | None = None
    """Its region; default: AWS_REGION, else us-east-1."""
    path_style: bool = True
    """Whether the bucket stands in the path of the address and not in its host."""
    profile: Text | None = None
    """The profile of the AWS credentials file; default: AWS_PROFILE."""


class GcsKeys(BucketKeys):
    """Google Cloud Storage."""

    bucket: Plain
    """The bucket."""


class AzureKeys(BucketKeys):
    """Azure Blob Storage."""

    container: Plain = "$web"
    """The container; static websites are served from `$web`."""
    account: Plain | None = None
    """The storage account; default: AZURE_STORAGE_ACCOUNT_NAME."""


class FolderKeys(TargetKeys):
    """A local or mounted folder."""

    path: Text
    """The folder, absolute or from the site's folder."""
    compress: SideFiles = []
    """Compressed side files to write: gzip, br."""
    keep_deploys: Count = 1
    """How many deploys back `--rollback` can go; what they need is kept in `.topicsite/` at the target."""


class RsyncKeys(TargetKeys):
    """A folder on a server, through rsync."""

    destination: Plain
    """As rsync takes it: `user@host:/var/www/site`, `rsync://host/module/site`, or a folder."""
    compress: SideFiles = []
    """Compressed side files to write: gzip, br."""
    ssh: Annotated[list[str], BeforeValidator(_words)] = []
    """The ssh command and its options; default: `ssh`."""


class BranchKeys(TargetKeys):
    """A branch of a git repository, as GitHub Pages and GitLab Pages publish them."""

    remote: Plain = "origin"
    """A remote of the site's repository, or an address."""
    branch: Annotated[Plain, AfterValidator(_branch)] = "gh-pages"
    """The branch."""
    folder: Prefix = ""
    """The folder of the branch, such as `public` or `docs`."""
    history: Annotated[Literal["keep", "squash"], BeforeValidator(choice("keep", "squash"))] = "keep"
    """`keep`: a commit for each deploy. `squash`: the branch has one commit, the last deploy."""
    cname: Annotated[Text, AfterValidator(_domain)] | None = None
    """The domain for the file CNAME."""
    nojekyll: bool = True
    """Whether to write `.nojekyll`, without which GitHub runs Jekyll over the site."""
    message: Text = "Deploy {id}"
    """The commit's message; `{id}` is the deploy's."""


class CloudflarePagesKeys(TargetKeys):
    """Cloudflare Pages, through wrangler; CLOUDFLARE_API_TOKEN in the environment."""

    project: Plain
    """The project's name."""
    branch: Plain = "main"
    """The project's branch; its production branch goes live."""
    account: Plain | None = None
    """The account's id; default: CLOUDFLARE_ACCOUNT_ID."""


class NetlifyKeys(TargetKeys):
    """Netlify, through its command-line tool; NETLIFY_AUTH_TOKEN in the environment."""

    site: Plain
    """The site's id or name."""
    production: bool = True
    """Whether the deploy goes live, or is a draft."""


TARGETS: dict[str, type[TargetKeys]] = {
    "s3": S3Keys,
    "gcs": GcsKeys,
    "azure": AzureKeys,
    "folder": FolderKeys,
    "rsync": RsyncKeys,
    "branch": BranchKeys,
    "cloudflare-pages": CloudflarePagesKeys,
    "netlify": NetlifyKeys,
}
PURGES: dict[str, type[PurgeKeys]] = {
    "cloudfront": CloudfrontKeys,
    "cloudflare": CloudflareKeys,
    "fastly": FastlyKeys,
    "bunny": BunnyKeys,
}
#: What people call them.
_SYNONYMS = {
    "aws": "s3", "r2": "s3", "b2": "s3", "minio": "s3", "gs": "gcs", "google": "gcs", "blob": "azure",
    "local": "folder", "directory": "folder", "dir": "folder", "ssh": "rsync", "sftp": "rsync", "git": "branch",
    "github-pages": "branch", "gh-pages": "branch", "gitlab-pages": "branch", "cloudflare": "cloudflare-pages",
    "pages": "cloudflare-pages",
}  # fmt: skip

#: Where secrets belong, by the kind of target or cache; the first variable is what messages name.
SECRETS: dict[str, str] = {
    "s3": "AWS_SECRET_ACCESS_KEY (with AWS_ACCESS_KEY_ID)",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS, the path of a key file",
    "azure": "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
    "folder": "no variable; a folder needs none",
    "rsync": "RSYNC_PASSWORD for an rsync daemon; for ssh use an agent",
    "branch": "git's own credential helper, or an ssh agent",
    "cloudflare-pages": "CLOUDFLARE_API_TOKEN",
    "netlify": "NETLIFY_AUTH_TOKEN",
    "cloudfront": "AWS_SECRET_ACCESS_KEY (with AWS_ACCESS_KEY_ID)",
    "cloudflare": "CLOUDFLARE_API_TOKEN",
    "fastly": "FASTLY_API_TOKEN",
    "bunny": "BUNNY_API_KEY",
}
_SECRET_VARIABLES = {"accesskeyid": "AWS_ACCESS_KEY_ID", "sessiontoken": "AWS_SESSION_TOKEN"}
_SECRET_KEY = re.compile(
    r"secret|passw|passphrase|token|credential|privatekey|accesskey|accountkey|apikey|authkey|sas$|saskey"
    r"|connectionstring|^auth$|^authorization$|^pass$|^pwd$"
)
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN |\b(gh[pousr]_|github_pat_|glpat-)\w{16}|AccountKey=|[?&]sig=|://[^/\s:@]*:[^/\s@]+@"
)


def check_targets(deploy: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, TargetKeys], list[Diagnostic]]:
    """Return the targets of `deploy:` by name, and every error in them, placed in site.yaml."""
    targets: dict[str, TargetKeys] = {}
    faults: list[Diagnostic] = []
    for name, data in deploy.items():
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
            hint = "letters, digits, `-`, `_` and `.`"
            message = f"'{shorten(name)}' cannot be a target's name"
            faults.append(error("value", message, "site.yaml", "deploy", f"{name}!", hint=hint))
        target, found = _target(dict(data), ("deploy", name))
        faults += found
        if target is not None:
            targets[name] = target
    return targets, faults


def _target(data: dict[str, Any], place: tuple[str, ...]) -> tuple[TargetKeys | None, list[Diagnostic]]:
    kind, faults = _kind(data, TARGETS, "a deploy target", place)
    secret = _secrets(data, kind, place)
    if kind is None:
        return None, faults + secret
    nested: PurgeKeys | None = None
    if isinstance(data.get("purge"), dict):
        purge = data.pop("purge")
        cache, found = _kind(purge, PURGES, "`purge`", (*place, "purge"))
        faults += found + _secrets(purge, cache, (*place, "purge"))
        if cache is not None:
            nested, found = validate(PURGES[cache], purge, "site.yaml", *place, "purge")
            faults += found
    target, found = validate(TARGETS[kind], data, "site.yaml", *place)
    faults += secret + found
    if target is not None and nested is not None:
        target = target.model_copy(update={"purge": nested})
    return target, faults


def _kind(
    data: dict[str, Any], kinds: Mapping[str, object], thing: str, place: tuple[str, ...]
) -> tuple[str | None, list[Diagnostic]]:
    """Return the `type` of some keys, folded, if there is such a kind; it replaces what was written."""
    wanted = data.get("type")
    known = ", ".join(kinds)
    if wanted is None:
        message = f"{thing} needs a `type`"
        return None, [error("missing-key", message, "site.yaml", *place, hint=f"one of {known}")]
    if not isinstance(wanted, str):
        message = f"type: expected text, found {described(wanted)}"
        return None, [error("type", message, "site.yaml", *place, "type", hint=f"one of {known}")]
    folded = wanted.strip().casefold().replace("_", "-")
    if folded in kinds:
        data["type"] = folded
        return folded, []
    near = _SYNONYMS.get(folded, "")
    hint = f"did you mean '{near}'?" if near in kinds else did_you_mean(folded, kinds, otherwise=f"one of {known}")
    return None, [error("value", f"there is no type '{shorten(wanted)}'", "site.yaml", *place, "type", hint=hint)]


def _secrets(data: dict[str, Any], kind: str | None, place: tuple[str, ...]) -> list[Diagnostic]:
    """Take what looks like a secret out of `data`, and report it without its value."""
    faults = []
    for key in list(data):
        folded = re.sub(r"[^a-z]", "", str(key).casefold())
        value = data[key]
        by_key = _SECRET_KEY.search(folded)
        texts = value if isinstance(value, list) else [value]
        if not by_key and not any(isinstance(text, str) and _SECRET_VALUE.search(text) for text in texts):
            continue
        del data[key]
        variable = _SECRET_VARIABLES.get(folded) or SECRETS.get(kind or "", "the environment")
        what = f"'{shorten(str(key))}'" if by_key else f"the value of '{shorten(str(key))}'"
        hint = f"it belongs in the environment: {variable}; replace the secret if others can read this file"
        faults.append(error("secret", f"{what} looks like a secret", "site.yaml", *place, f"{key}!", hint=hint))
    return faults
