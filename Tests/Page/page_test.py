"""What tests of the page have in common: one browser, and one site, which is started beside the tests that need none."""

import threading
import unittest

from axe_playwright_python.sync_playwright import Axe
from browser import open_page
from playwright.sync_api import TimeoutError
from wire import StreamCount

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
DAY = "range=24h"


class Stage:
    """The browser and the site of all tests of a run."""

    browser = site = stream = left_open = None
    starting = error = None

    @classmethod
    def begin(cls, site):
        def start():
            try:
                site.start()
                cls.stream = StreamCount(site.address)
                cls.stream.start()
            except Exception as error:
                cls.error = error
        cls.site = site
        cls.starting = threading.Thread(target=start)
        cls.starting.start()

    @classmethod
    def running(cls):
        cls.starting.join()
        if cls.error:
            raise cls.error
        return cls.site


def axe(test, page):
    found = Axe().run(page, options=RULES).response["violations"]
    test.assertEqual([], [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found])


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Stage.running()
        cls.browser = Stage.browser

    def opened(self, query="", **options):
        page = self.browser.page(**options)
        self.addCleanup(page.context.close)
        open_page(page, f"{self.site.address}/{query}")
        return page

    def wait(self, page, condition, argument=None, seconds=60):
        page.wait_for_function(condition, arg=argument, timeout=seconds * 1000)

    def wait_for_ten_seconds(self, page, condition, cause, end):
        """Has the cause, and waits for the page to show the condition within ten seconds. It has three tries: on a machine with other
        things to do, a page may get its turn seconds late. Whoever calls this ends the cause."""
        for tries_left in (2, 1, 0):
            cause()
            try:
                page.wait_for_selector(f"html[data-condition='{condition}']", timeout=10000)
                return
            except TimeoutError:
                if not tries_left:
                    raise
            end()
            page.wait_for_selector("html[data-condition='live']")

    axe = axe
