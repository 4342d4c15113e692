"""Badges are SVG that any XML reader takes."""

from xml.etree import ElementTree

import pytest
import requests
from conftest import DEMO

SVG = "{http://www.w3.org/2000/svg}"


def badge(candor, slug, query=""):
    answer = candor.get(candor.status(slug, f"/badge.svg{query}"))
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["access-control-allow-origin"] == "*"
    svg = ElementTree.fromstring(answer.content)
    assert svg.tag == f"{SVG}svg" and float(svg.get("width")) > 0 and float(svg.get("height")) > 0
    for node in svg.iter():
        assert node.tag not in (f"{SVG}script", f"{SVG}foreignObject", f"{SVG}image")
        assert not [name for name in node.attrib if name.lower().startswith("on")]
    return svg, " ".join("".join(svg.itertext()).split())


def test_the_page_has_a_badge(candor, page):
    svg, text = badge(candor, page.slug)
    assert candor.public(page)["description"] in (text + (svg.get("aria-label") or ""))


def test_services_have_badges(candor, page):
    for service in candor.public(page)["services"][:10]:
        _, text = badge(candor, page.slug, f"?service={service['id']}")
        assert service["name"][:20] in text


@pytest.mark.parametrize("style", ["flat", "square", "pill"])
@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_styles_and_themes(candor, style, theme):
    badge(candor, DEMO, f"?style={style}&theme={theme}")


@pytest.mark.parametrize("address", ["/badge.svg?service=aaaaaaaaaaaa", "/badge.svg?style=round"])
def test_a_badge_of_nothing_says_so(candor, address):
    answer = requests.get(candor.status(DEMO, address), timeout=30)
    # Whoever looks at the page that shows it sees a picture.
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("image/svg+xml")
    assert "not found" in "".join(ElementTree.fromstring(answer.content).itertext())
