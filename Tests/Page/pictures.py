"""The pictures of docs/screens, and how far one is from another.

Another machine has other fonts and smooths edges in another way. So what is compared is the size, and both pictures in cells of 16 by 16
pixels, blurred: a line of text is a grey stripe in whatever font, while a chart that is not drawn, a card that has moved or a colour that
has changed makes whole stretches of cells another colour. A bar of four pixels or a line of two hardly changes a cell; of those the hues are
compared, of all coloured pixels of a square together: text is grey, and however an edge is smoothed, its hue stays. Grey bars are told from
text by their shape: no letter is one shade along so many pixels, and no ground is so thin."""

from browser import READY_MS, SECTIONS, load_all
from PIL import Image, ImageChops, ImageFilter
from recorded import ADDRESS, EMPTY

CELL = 16
# Of 255, over the three colours, on average over the picture.
MEAN_BOUND = 3.0
# A cell is another one from here on, and so many may be.
CELL_BOUND = 24
SHARE_BOUND = 0.015
# Squares of so many pixels' side have their hues compared, with those around them, in so many of the wheel. A pixel counts the more, the more
# colour it has: not at all below the first, in full from the second on, of 255.
SQUARE = 48
HUES = 18
COLOURED = (32, 96)
# A bar is of one shade along so many pixels to both sides, each so far from the next that is looked at, and of another one so far above and below;
# shades differ from here on, of 255.
BAR_ALONG = range(3, 16, 3)
BAR_ACROSS = 9
BAR_SHADES = 16
# So many pixels of a square, and this share of those that either picture has there, must have another hue for the square to be another one; and
# so many squares may be.
OTHER_PIXELS = 100
OTHER_SHARE = 0.6
SQUARES_BOUND = 5
# The share by which heights may differ.
HEIGHT_BOUND = 0.02
DAY = "range=24h"

# name: what is asked for, width, theme, and the part that is kept: None for all of it.
PICTURES = {
    **{section: (f"?section={section}&{DAY}", 1400, "light", None) for section in SECTIONS},
    "overview-live": ("?range=1h", 1400, "dark", None),
    "engagement-live": ("?section=engagement&range=1h", 1400, "light", 1090),
    "overview-wide": (f"?{DAY}", 2560, "dark", None),
    "overview-phone": (f"?{DAY}", 390, "dark", 1700),
    "engagement-phone": (f"?section=engagement&{DAY}", 390, "light", 1700),
    "wall": (f"?{DAY}&wall=1", 1920, "dark", 1080),
    "stale": (f"?{DAY}", 1400, "light", 700),
    "database-down": (f"?{DAY}", 1400, "light", 700),
    "empty": ("", 1400, "light", 700),
}


def message(name, recording):
    """What the live stream says in a picture."""
    from datetime import datetime, timedelta
    earlier = lambda minutes: (datetime.strptime(recording.now, "%Y-%m-%dT%H:%M:%SZ") - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"stale": {"as_of": earlier(4)}, "database-down": {"database": "down"}, "empty": EMPTY}.get(name, {})


# A wall turns to what comes next after 20 s, which a picture may take on a busy machine.
STANDING_WALL = "(() => { const real = setInterval; window.setInterval = (work, ms, ...rest) => ms === 20000 ? 0 : real(work, ms, ...rest); })()"


def shown(browser, recording, name, style="", width=None, theme=None, script=""):
    """A page as in the picture of this name, all of it loaded."""
    query, own_width, own_theme, height = PICTURES[name]
    page = browser.page(width=width or own_width, height=height or 900, theme=theme or own_theme, zone="UTC")
    recording.replay(page, **message(name, recording))
    if script or name == "wall":
        page.add_init_script(script or STANDING_WALL)
    page.goto(f"{ADDRESS}/{query}")
    # What is wrong is said a moment after the first message, and moves all below it.
    condition = {"stale": "[data-condition='stale']", "database-down": "[data-condition='down']"}
    page.wait_for_selector(f"html{condition.get(name, '[data-condition]')}:not([data-condition='wait'])")
    if style:
        page.add_style_tag(content=style)
    if name != "empty":
        load_all(page)
        page.wait_for_function("() => [...document.querySelectorAll('.tile .value')].every(n => !n.offsetParent || n.textContent !== '–' || n.closest('.tile').innerText.includes('compare'))", timeout=READY_MS)
    return page


def take(page, name, path):
    """All of a page down to its last card, or the part that is kept."""
    width, height = page.viewport_size["width"], PICTURES[name][3]
    if height is None:
        height = page.evaluate("24 + Math.ceil(scrollY + Math.max(...[...document.querySelectorAll('#charts > section:not([hidden]) > article')].map(n => n.getBoundingClientRect().bottom)))")
        page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height})


def shrink(path):
    """Flat colours need no more than a palette."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(colors=256, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def cells(path):
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
        small = picture.resize((picture.width // CELL, picture.height // CELL), Image.Resampling.BOX)
    return picture.size, small.filter(ImageFilter.GaussianBlur(1))


def bars(picture):
    """Where a thin bar or a ruled line is, of whatever colour: 255 there, 0 elsewhere."""
    grey = picture.convert("L")
    differs = lambda x, y: ImageChops.difference(grey, ImageChops.offset(grey, x, y)).point([255 * (apart >= BAR_SHADES) for apart in range(256)])
    found = Image.new("L", grey.size, 255)
    for y in (-BAR_ACROSS, BAR_ACROSS):
        found = ImageChops.darker(found, differs(0, y))
    for x in BAR_ALONG:
        for along in (-x, x):
            found = ImageChops.darker(found, ImageChops.invert(differs(along, 0)))
    return found


def squares(path):
    """Of each square and those around it, how many pixels there are of bars, and how many of each hue; by column and row."""
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    hue, saturation, value = picture.convert("HSV").split()
    least, most = COLOURED
    coloured = ImageChops.multiply(saturation, value).point([round(255 * min(1, max(0, (c - least) / (most - least)))) for c in range(256)])
    across, down = hue.width // SQUARE, hue.height // SQUARE
    step = 256 / HUES
    pixels = lambda mask: [share / 255 * SQUARE * SQUARE for share in mask.convert("F").resize((across, down), Image.Resampling.BOX).get_flattened_data()]
    layers = []
    for number in range(HUES):
        # A hue between two counts for both, by how near it is.
        near = [max(0.0, 1 - min(abs(h - number * step), 256 - abs(h - number * step)) / step) for h in range(256)]
        layers.append(pixels(ImageChops.multiply(hue.point([round(255 * n) for n in near]), coloured)))
    at = lambda layer, x, y: layer[y * across + x] if 0 <= x < across and 0 <= y < down else 0.0
    around = lambda layer, x, y: sum(at(layer, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
    kinds = [[pixels(bars(picture))], layers]
    return {(x, y): [[around(layer, x, y) for layer in kind] for kind in kinds] for x in range(across) for y in range(down)}


def is_other(a, b):
    """Whether too many pixels of a square are of another kind in one picture than in the other."""
    most = max(sum(a), sum(b))
    apart = most - sum(map(min, a, b))
    return apart > OTHER_PIXELS and apart > OTHER_SHARE * most


def other_squares(kept, seen):
    """How many squares have other hues or bars than those of the picture that is kept."""
    a, b = squares(kept), squares(seen)
    return sum(any(map(is_other, a[square], b[square])) for square in a.keys() & b.keys())


def difference(kept, seen):
    """What is wrong with a picture beside the one that is kept, in words, and the three numbers; no words where nothing is."""
    (size, a), (other, b) = cells(kept), cells(seen)
    if size[0] != other[0] or abs(size[1] - other[1]) > HEIGHT_BOUND * size[1]:
        return f"{other[0]} by {other[1]} pixels instead of {size[0]} by {size[1]}", 0, 0, 0
    height = min(a.height, b.height)
    apart = ImageChops.difference(a.crop((0, 0, a.width, height)), b.crop((0, 0, b.width, height)))
    pixels = list(apart.get_flattened_data())
    mean = sum(map(sum, pixels)) / (3 * len(pixels))
    share = sum(max(p) > CELL_BOUND for p in pixels) / len(pixels)
    others = other_squares(kept, seen)
    wrong = mean > MEAN_BOUND or share > SHARE_BOUND or others > SQUARES_BOUND
    words = f"cells differ by {mean:.2f} on average, {share:.2%} by more than {CELL_BOUND}, and {others} squares have other hues or bars" if wrong else ""
    return words, mean, share, others
