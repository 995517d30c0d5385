"""Chromium, and what the tests look at in the page."""

from playwright.sync_api import sync_playwright
from recorded import EMPTY, say

PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"]
SECTIONS = ["overview", "engagement", "content", "devices", "places", "trends", "loads"]
READY_MS = 60000

# Cards of the section that is shown, each with what it says.
CARDS = """() => [...document.querySelectorAll('#charts > section:not([hidden]) > article')].map(node => ({
  id: node.card.definition.id, kind: node.card.definition.kind, isTable: Boolean(node.card.kind.isTable),
  state: ['is-loading', 'is-failed', 'is-refused', 'is-empty', 'is-stale'].find(name => node.classList.contains(name)) ?? 'shown',
  words: node.querySelector('.words').textContent, rows: node.card.table?.rows.length ?? 0,
  tabled: node.querySelectorAll('.figures tbody tr').length, columns: node.card.table?.columns.map(c => c.name) ?? [] }))"""

# Chromium counts the colours; a page that has not been drawn has a few.
COLOURS = """async (png) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const data = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer), found = new Set();
  for (let i = 0; i < data.length; i += 7) found.add(data[i]);
  return { width: image.width, height: image.height, colours: found.size };
}"""


class Browser:
    def __init__(self):
        import os
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=next(p for p in PLACES if os.path.exists(p)), args=["--no-sandbox"])

    def page(self, width=1400, height=1000, theme="light", zone="America/New_York", **more):
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, timezone_id=zone, reduced_motion="reduce", **more)
        page = context.new_page()
        page.set_default_timeout(READY_MS)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
        return page

    def close(self):
        self.browser.close()
        self.playwright.stop()


def open_page(page, address):
    page.goto(address)
    page.wait_for_selector("html[data-condition='live']")


def open_empty(page, address):
    """Shows the page of an empty warehouse."""
    say(page, EMPTY)
    page.goto(address)
    page.locator("#start").wait_for()


def load_all(page):
    """Grows the window to the page's height, so that each card comes into sight, and waits until each has its figures."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": max(700, min(height, 8000))})
    page.wait_for_function("() => { const cards = [...document.querySelectorAll('#charts > section:not([hidden]) > article')]; return cards.length && cards.every(node => !node.classList.contains('is-loading')); }")
    return page.evaluate(CARDS)


def tile(page, title):
    return page.locator(".tile", has=page.get_by_role("heading", name=title, exact=True)).locator(".value").inner_text()
