"""The example in content/: built whole, without a finding, with the figures that it promises, every link resolving."""

import csv
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from builder.pipeline import Request, Result, build
from tests.making import TODAY, tree
from tests.pages import dangling, hostile_parts

REPOSITORY = Path(__file__).parents[1]

#: The Flask map as it was planned: by cluster, the pillar's query and length, then query, priority and length of each
#: article. Seven sections to a pillar; every intent is informational.
PLAN: dict[str, list[tuple[str, str, int]]] = {
    "Design & Architecture": [
        ("flask application architecture best practices", "high", 4500),
        ("flask project structure example", "high", 1400),
        ("flask app factory blueprint", "high", 1200),
        ("flask configuration best practices", "medium", 1000),
        ("package flask application poetry docker", "medium", 900),
        ("split flask monolith into microservices", "low", 1100),
    ],
    "Data, ORMs & Migrations": [
        ("flask sqlalchemy migrations tutorial", "high", 3500),
        ("flask sqlalchemy best practices", "high", 1800),
        ("flask alembic migrate example", "high", 1500),
        ("postgresql tuning flask", "medium", 1200),
        ("flask redis cache session example", "medium", 1000),
        ("flask mongodb tutorial", "low", 900),
    ],
    "APIs: REST, GraphQL & Documentation": [
        ("flask rest api tutorial", "high", 4000),
        ("flask rest api example", "high", 2000),
        ("marshmallow vs pydantic flask", "high", 1400),
        ("flask api versioning strategies", "medium", 1000),
        ("flask graphql example", "medium", 1200),
        ("flask openapi swagger docs", "low", 900),
    ],
    "Authentication, Authorization & Security": [
        ("flask authentication best practices", "high", 3500),
        ("flask jwt authentication example", "high", 1400),
        ("flask oauth2 google github login", "high", 1200),
        ("flask role based access control", "medium", 1000),
        ("secure flask against xss csrf sql injection", "medium", 1100),
        ("flask secrets management", "low", 900),
    ],
    "Background Tasks, Async & Real-Time": [
        ("flask celery socketio tutorial", "high", 3200),
        ("celery flask integration example", "high", 1600),
        ("flask socketio example", "high", 1400),
        ("quart vs flask async", "medium", 1000),
        ("flask schedule tasks celery apscheduler", "low", 900),
        ("monitor celery workers", "low", 900),
    ],
    "Testing, CI/CD & Quality": [
        ("flask testing ci cd", "high", 3000),
        ("pytest flask example", "high", 1600),
        ("flask end to end testing playwright selenium", "medium", 1200),
        ("flask github actions ci cd", "medium", 1300),
        ("test alembic migrations ci", "low", 1000),
        ("flask lint mypy pre-commit", "low", 900),
    ],
    "Deployment, Scaling & Observability": [
        ("deploy flask app production", "high", 4500),
        ("dockerize flask app", "high", 1600),
        ("gunicorn flask worker tuning", "high", 1200),
        ("deploy flask kubernetes helm", "medium", 1800),
        ("monitor flask app prometheus sentry", "medium", 1300),
        ("blue green deployment flask", "low", 1000),
        ("optimize cost flask deployment", "low", 900),
    ],
}
ENTITIES = [
    "Flask", "Armin Ronacher", "Jinja2", "Werkzeug", "SQLAlchemy", "Alembic", "Flask-Migrate", "Marshmallow",
    "Pydantic", "Celery", "Redis", "RabbitMQ", "Gunicorn", "uWSGI", "Nginx", "Docker", "Kubernetes",
    "PostgreSQL", "MySQL", "MongoDB", "GraphQL", "OAuth2", "JWT", "Flask-Login", "Flask-SocketIO", "pytest",
    "GitHub Actions", "Sentry", "Prometheus", "OpenAPI", "Heroku", "AWS", "Google Cloud",
]  # fmt: skip
#: The groups of ideas: how many, how many of high, medium and low priority, the shortest and the longest.
IDEAS: dict[str, tuple[int, tuple[int, int, int], tuple[int, int]]] = {
    "Informational Articles": (11, (7, 4, 0), (1500, 2000)),
    "Treatment / Solution Articles": (11, (8, 3, 0), (1500, 2200)),
    "Comparison Articles": (11, (5, 6, 0), (1500, 2000)),
    "Audience-Specific Articles": (11, (7, 4, 0), (1400, 2000)),
    "Condition / Context-Specific Articles": (11, (6, 5, 0), (1500, 2000)),
    "Psychological / Team Culture Articles": (8, (2, 4, 2), (1200, 1500)),
    "Practical / How-To Guides": (11, (7, 4, 0), (1500, 2200)),
    "FAQ Articles": (8, (4, 4, 0), (900, 1200)),
    "Research / News And Industry Trends": (8, (2, 5, 1), (1400, 2200)),
}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Give a copy of the example's site, built, and the build's result."""
    site = tmp_path_factory.mktemp("example")
    (site / "site.yaml").write_bytes((REPOSITORY / "site.yaml").read_bytes())
    for name, data in tree(REPOSITORY / "content").items():
        (site / "content" / name).parent.mkdir(parents=True, exist_ok=True)
        (site / "content" / name).write_bytes(data)
    return site, build(Request(root=site, today=TODAY, strict=True))


@pytest.fixture(scope="module")
def flask(example: tuple[Path, Result]) -> dict[str, Any]:
    """Give the Flask map's data as the site publishes it."""
    made: dict[str, Any] = json.loads((example[0] / "output/flask/map.json").read_text("utf-8"))
    return made


def items(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a cluster's pillar and articles."""
    return [cluster["pillar"], *cluster["articles"]]


def test_it_is_whole_and_without_a_finding(example: tuple[Path, Result]) -> None:
    """A hundred pages and more, and not a word of complaint about any."""
    site, result = example
    assert [str(found) for found in result.diagnostics if found.severity != "note"] == []
    assert result.pages >= 100
    assert len(list((site / "output").rglob("*.html"))) >= 100


def test_every_link_resolves(example: tuple[Path, Result]) -> None:
    """Each link of each page, twin, feed and sitemap leads to a file, and each anchor to an id."""
    assert dangling(example[0]) == []


def test_xml(example: tuple[Path, Result], system_part: Callable[[str], str]) -> None:
    """Every XML file is accepted by xmllint."""
    files = sorted((example[0] / "output").rglob("*.xml"))
    assert len(files) >= 4
    found = subprocess.run([system_part("xmllint"), "--noout", *map(str, files)], capture_output=True, check=False)
    assert (found.returncode, found.stderr) == (0, b"")


def test_pages_carry_no_code_of_their_own(example: tuple[Path, Result]) -> None:
    """No page has a handler, an inline style or a script but the theme's files and linked data."""
    for path in (example[0] / "output").rglob("*.html"):
        assert hostile_parts(path.read_text("utf-8")) == [], path


def test_the_plan_of_the_flask_map(flask: dict[str, Any]) -> None:
    """Clusters, queries, priorities and lengths are those of the plan, in its order."""
    assert {
        cluster["title"]: [(a["query"], a["priority"], a["words"]) for a in items(cluster)]
        for cluster in flask["clusters"]
    } == PLAN
    assert [cluster["title"] for cluster in flask["clusters"]] == list(PLAN)
    assert {a["intent"] for cluster in flask["clusters"] for a in items(cluster)} == {"informational"}
    assert {len(cluster["pillar"]["sections"]) for cluster in flask["clusters"]} == {7}


def test_the_figures_of_the_flask_map(flask: dict[str, Any]) -> None:
    """43 articles in 7 clusters, 20 of high priority, 33 entities, 10 questions, 7 gaps, 90 ideas in 9 groups."""
    articles = [article for cluster in flask["clusters"] for article in items(cluster)]
    assert len(articles) == 43
    assert len(flask["clusters"]) == 7
    assert sum(article["priority"] == "high" for article in articles) == 20
    assert sorted(entity["name"] for entity in flask["entities"]) == sorted(ENTITIES)
    assert len(ENTITIES) == 33
    asked = [question for cluster in flask["clusters"] for question in cluster["faq"]]
    asked += [question for article in articles for question in article["faq"]]
    assert len(flask["faq"]) + len(asked) == 10
    assert len(flask["gaps"]) == 7
    assert sum(len(group["articles"]) for group in flask["ideas"]) == 90
    assert (flask["query"], flask["category"]) == (
        "flask application architecture best practices",
        "Python Programming",
    )
    assert (flask["updated"], flask["months_to_authority"]) == ("2026-04-30", 6)
    assert flask["audience"]["level"] == "Intermediate"


def test_the_ideas_of_the_flask_map(flask: dict[str, Any]) -> None:
    """Each group has as many ideas, of such priorities and lengths, as was planned."""
    made = {}
    for group in flask["ideas"]:
        priorities = Counter(idea["priority"] for idea in group["articles"])
        words = [idea["words"] for idea in group["articles"]]
        made[group["title"]] = (
            len(words),
            (priorities["high"], priorities["medium"], priorities["low"]),
            (min(words), max(words)),
        )
    assert made == IDEAS


class Text(HTMLParser):
    """The words that a reader of a page sees: scripts and linked data are none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.hidden = False
        self.feed(text)
        self.words = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Take an element's beginning."""
        self.hidden = self.hidden or tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        """Take an element's end."""
        self.hidden = self.hidden and tag not in {"script", "style"}

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self.hidden:
            self.pieces.append(data)


def said(page: Text, text: str) -> bool:
    """Tell whether a page says something, whatever the spaces."""
    return " ".join(text.split()).replace(" ", "") in page.words.replace(" ", "")


def plain(markdown: str) -> str:
    """Return the words of some simple Markdown."""
    text = re.sub(r"\[\[[^\]|]*\|([^\]]*)\]\]", r"\1", markdown)
    return re.sub(r"[*`]", "", text)


def test_the_flask_page_shows_everything(example: tuple[Path, Result], flask: dict[str, Any]) -> None:
    """Every title, query, description, priority, length, section, entity, question, gap and idea stands on the page."""
    page = Text((example[0] / "output/flask/index.html").read_text("utf-8"))
    wanted = [flask["title"], flask["description"], flask["seasonality"], *flask["audience"].values()]
    for cluster in flask["clusters"]:
        wanted += [cluster["title"], cluster["description"], *cluster["pillar"]["sections"]]
        for article in items(cluster):
            wanted += [article["title"], article["query"], article["description"], f"{article['words']:,}"]
    wanted += [plain(gap["text"]) for gap in flask["gaps"]]
    wanted += [entity["name"] for entity in flask["entities"]]
    wanted += [question["question"] for question in flask["faq"]]
    for group in flask["ideas"]:
        wanted.append(group["title"])
        for idea in group["articles"]:
            wanted += [idea["title"], idea["description"], f"{idea['words']:,}"]
    assert [text for text in wanted if text and not said(page, text)] == []
    planned = sum(article["words"] for cluster in flask["clusters"] for article in items(cluster))
    for figure in ("43", "7", "20", f"{planned:,}", "6"):
        assert figure in page.words.split(), figure


def test_the_answers_are_on_the_faq_page(example: tuple[Path, Result], flask: dict[str, Any]) -> None:
    """The FAQ page has every question with its answer."""
    page = Text((example[0] / "output/flask/faq/index.html").read_text("utf-8"))
    for question in flask["faq"]:
        assert said(page, question["question"])
        first = re.split(r"\[\[|\n", question["answer"])[0]
        assert said(page, plain(first)), first


def test_the_table_of_the_flask_map(example: tuple[Path, Result], flask: dict[str, Any]) -> None:
    """map.csv has a row for each article of map.json, in its order."""
    rows = list(csv.DictReader(io.StringIO((example[0] / "output/flask/map.csv").read_text("utf-8"))))
    articles = [article for cluster in flask["clusters"] for article in items(cluster)]
    assert [(row["title"], row["query"], int(row["words"])) for row in rows] == [
        (article["title"], article["query"], article["words"]) for article in articles
    ]


def test_what_is_written(example: tuple[Path, Result], flask: dict[str, Any]) -> None:
    """The Flask map's first cluster is written whole, at the promised lengths; the Espresso map is finished."""
    first = items(flask["clusters"][0])
    assert {article["status"] for article in first} == {"published"}
    assert first[0]["written"] >= 1500
    assert min(article["written"] for article in first[1:]) >= 600
    assert sum(article["status"] == "published" for article in items(flask["clusters"][1])) >= 2
    espresso = json.loads((example[0] / "output/espresso/map.json").read_text("utf-8"))
    articles = [article for cluster in espresso["clusters"] for article in items(cluster)]
    assert {article["status"] for article in articles} == {"published"}
    assert min(article["written"] for article in articles) >= 300
