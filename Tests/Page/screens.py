"""Draws the pictures of docs/screens. Usage: screens.py POLYRHYTHM FOLDER [--record]

Over the recorded answers. With --record a site of its own is made first, and what it answers is recorded anew; or one that runs
already is asked: screens.py --at URL FOLDER --record
"""

import sys

from browser import Browser, load_all
from pictures import PICTURES, shown, shrink, take
from recorded import Recording
from recorded_site import RecordedSite
from wire import first_message


def record(browser, address):
    live = first_message(address)
    recording = Recording(live["as_of"][:19] + "Z", live)
    for query in dict.fromkeys(query for query, _, _, _ in PICTURES.values()):
        page = browser.page(width=1400, height=900, zone="UTC")
        recording.record(page)
        page.goto(f"{address}/{query}")
        page.wait_for_selector("html[data-condition='live']")
        load_all(page)
        page.wait_for_load_state("networkidle")
        # A live page asks again at any moment, and what it has asked is being recorded.
        page.unroute_all(behavior="wait")
        page.context.close()
    recording.save()


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--record"]
    folder = arguments[-1]
    browser = Browser()
    site = None
    try:
        if "--record" in sys.argv:
            site = None if arguments[0] == "--at" else RecordedSite(arguments[0], users=1500)
            record(browser, arguments[1] if site is None else site.start().address)
        recording = Recording.load()
        for name in PICTURES:
            page = shown(browser, recording, name)
            take(page, name, f"{folder}/{name}.png")
            shrink(f"{folder}/{name}.png")
            if page.missing:
                raise AssertionError(f"{name}: not recorded: {page.missing}")
            page.context.close()
    finally:
        browser.close()
        if site:
            site.close()
