"""The page over recorded answers: its pictures are those of docs/screens, and the rules of accessibility hold. Part of test_page.py."""

import os
import tempfile
import unittest

from browser import SECTIONS, load_all
from page_test import Stage, axe
from pictures import PICTURES, difference, shown, take
from recorded import Recording

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "screens")
# What goes wrong in the drawing: one chart without its lines, one measure in another colour, a card that is gone, another theme.
BREAKS = {
    "overview": [".kind-layers canvas { visibility: hidden; }", "#card-users { display: none; }"],
    "content": [".bar-line { background: #b3261e !important; }", ".list { display: none; }"],
    "places": [".cell { background: none !important; }"],
    "trends": [":root { --ground: #000 !important; }", "main { padding-left: 90px; }"],
}


class RecordedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Stage.browser
        cls.recording = Recording.load()

    axe = axe

    def shown(self, name, **more):
        page = shown(self.browser, self.recording, name, **more)
        self.addCleanup(page.context.close)
        return page

    def picture(self, name, **more):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, f"{name}.png")
        page = self.shown(name, **more)
        take(page, name, path)
        self.assertEqual([], page.missing, "answers that are not recorded; draw anew with --screens --record")
        self.assertEqual([], page.problems)
        page.context.close()
        return path

    def compared(self, name, **more):
        return difference(os.path.join(KEPT, f"{name}.png"), self.picture(name, **more))


class Pictures(RecordedTest):
    def test_each_picture_is_the_one_that_is_kept(self):
        for name in PICTURES:
            with self.subTest(picture=name):
                words, _, _ = self.compared(name)
                self.assertEqual("", words, "not that of docs/screens; where it should be so, draw anew: scripts/test-page.sh POLYRHYTHM --screens")

    def test_what_is_drawn_wrongly_is_found(self):
        for name, styles in BREAKS.items():
            for style in styles:
                with self.subTest(picture=name, style=style):
                    words, mean, share = self.compared(name, style=style)
                    self.assertNotEqual("", words, (mean, share))

    def test_another_font_is_no_difference(self):
        words, _, _ = self.compared("overview", style="body { font-family: 'DejaVu Serif', 'DejaVu Sans Mono', monospace; font-kerning: none; }")
        self.assertEqual("", words)


class Accessible(RecordedTest):
    def test_no_section_breaks_a_rule_in_the_dark_or_on_a_phone(self):
        for theme, width in [("dark", 1100), ("light", 390), ("dark", 390)]:
            page = self.shown("overview", theme=theme, width=width)
            for section in SECTIONS:
                with self.subTest(section=section, theme=theme, width=width):
                    page.evaluate("s => document.querySelector(`#sections a[data-section=${s}]`).click()", section)
                    load_all(page)
                    self.axe(page)
                    self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "wider than the screen")
