"""A site that is hard on a design: long compounds, Japanese, Arabic, a large map, every status, briefs as pages."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

#: Slug, language, title, titles of clusters, titles of articles, entities.
MAPS: list[tuple[str, str, str, list[str], list[str], list[str]]] = [
    (
        "komposita",
        "de",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenherstellung",
        ["Photovoltaikanlagenwirtschaftlichkeitsberechnung", "Kraftfahrzeughaftpflichtversicherung", "Kosten"],
        ["Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung", "Vergleich", "Kaufberatung"],
        ["Betäubungsmittelverschreibungsverordnung", "KfW", "Bundesausbildungsförderungsgesetz"],
    ),
    (
        "kissa",
        "ja",
        "家庭で淹れるエスプレッソの完全ガイドと道具の選び方",
        ["抽出の基本と調整", "ミルクとスチーム", "豆の選び方と焙煎度合いの違い", "水質"],
        ["挽き目と抽出時間の関係を理解する", "酸っぱい味の直し方", "機材の手入れ"],
        ["エスプレッソ", "グラインダー", "クレマ"],
    ),
    (
        "qahwa",
        "ar",
        "دليل شامل لإعداد القهوة المختصة في المنزل",
        ["أساسيات الاستخلاص", "الحليب والتبخير", "اختيار حبوب البن ودرجات التحميص"],
        ["درجة الطحن وزمن الاستخلاص", "إصلاح الطعم الحامض", "العناية بالآلة"],
        ["إسبريسو", "مطحنة", "كريما"],
    ),
    (
        "atlas",
        "en",
        "An atlas of everything",
        [f"Region {number}: rivers and roads" for number in range(8)],
        [f"Sheet {number} of the survey" for number in range(17)],
        [f"Landmark {number}" for number in range(30)],
    ),
]


def write_world(home: Path) -> None:
    """Write the site's sources; the same ones every time."""
    chance = random.Random(7)
    site = {
        "title": "World",
        "base_url": "https://world.example.com/",
        "planned": {"articles": "page"},
        "authors": {"editors": {"name": "The editors", "bio": "They edit."}},
    }
    _write(home / "site.yaml", site)
    for slug, language, title, clusters, articles, entities in MAPS:
        folder = home / "content" / "maps" / slug
        plan: dict[str, Any] = {
            "title": title,
            "slug": slug,
            "language": language,
            "description": f"{title}.",
            "category": "Atlas",
            "publishing": {"start": "2026-06-02", "per_week": 3},
            "entities": entities,
            "faq": [{"question": f"{title}?", "answer": f"{articles[0]}."}],
            "gaps": [f"{clusters[0]}: {articles[1]}"],
            "ideas": [{"title": articles[2], "articles": [{"title": f"{clusters[-1]}: {articles[0]}"}]}],
            "clusters": [],
            **({"translation_of": "komposita"} if slug in {"kissa", "qahwa"} else {}),
        }
        for number, cluster in enumerate(clusters):
            made = {
                "title": cluster,
                "slug": f"c{number}",
                "pillar": {"title": f"{cluster}: {title}", "slug": "pillar-page", "words": 3000},
                "articles": [
                    {
                        "title": f"{article}: {cluster}",
                        "slug": f"a{index}",
                        "priority": chance.choice(["high", "medium", "low"]),
                        "intent": chance.choice(["informational", "commercial"]),
                        "words": 1200,
                        "entities": chance.sample(entities, 2),
                    }
                    for index, article in enumerate(articles)
                ],
            }
            plan["clusters"].append(made)
            for index, article in enumerate(articles):
                keys = [{}, {}, {"publish_on": "2026-08-11"}, {"status": "draft"}, None, None][chance.randrange(6)]
                if keys is not None:
                    named = chance.choice(entities), chance.choice(entities)
                    text = f"{article}. {named[0]}.\n\n## {article}\n\n`{cluster}` {named[1]}.\n"
                    front = yaml.safe_dump({"author": "editors", **keys})
                    _text(folder / f"c{number}" / f"a{index}.md", f"---\n{front}---\n{text}")
        _write(folder / "map.yaml", plan)


def _write(file: Path, value: object) -> None:
    _text(file, yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def _text(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
