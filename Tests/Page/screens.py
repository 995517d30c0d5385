"""Draws the pictures of docs/screens. Usage: screens.py POLYRHYTHM FOLDER

Of a site of its own, or of one that runs already: screens.py --at URL FOLDER
"""

import sys

from browser import SECTIONS, Browser, load_all, open_page
from PIL import Image
from site_under_test import Site


def shrink(path):
    """Flat colours need no more than a palette."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(colors=192, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def draw(browser, address, folder, site):
    def picture(name, query, width, theme, height=None):
        page = browser.page(width=width, height=900, theme=theme, zone="UTC")
        open_page(page, f"{address}/{query}")
        load_all(page)
        page.wait_for_function("() => [...document.querySelectorAll('.tile .value')].every(n => !n.offsetParent || n.textContent !== '–' || n.closest('.tile').innerText.includes('compare'))")
        page.screenshot(path=f"{folder}/{name}.png", clip=None if height is None else {"x": 0, "y": 0, "width": width, "height": height})
        shrink(f"{folder}/{name}.png")
        page.context.close()

    for section in SECTIONS:
        picture(section, f"?section={section}&range=24h", 1400, "light")
    picture("overview-live", "?range=1h", 1400, "dark")
    picture("overview-wide", "?range=24h", 2560, "dark")
    picture("overview-phone", "?range=24h", 390, "dark", height=1700)
    if site is None:
        return
    page = browser.page(width=1400, height=900, zone="UTC")
    open_page(page, f"{address}/?range=24h")
    load_all(page)
    site.stop_database()
    page.wait_for_selector("html[data-condition='down']")
    page.screenshot(path=f"{folder}/database-down.png")
    shrink(f"{folder}/database-down.png")
    site.start_database()


if __name__ == "__main__":
    folder = sys.argv[-1]
    site = None if sys.argv[1] == "--at" else Site(sys.argv[1], users=1500, days=36)
    browser = Browser()
    try:
        draw(browser, sys.argv[2] if site is None else site.start().address, folder, site)
    finally:
        browser.close()
        if site:
            site.close()
