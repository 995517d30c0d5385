# Turns a truth.json of the generator into an SVG of one week (scripts/plot-week.sh). POSIX awk.
#
# Given with -v: users, seed, from, to, first_ms (the week's first millisecond), first_day (its day of
# the month). The week begins on a Monday.

BEGIN {
  DAYS = 7
  BIN_MINUTES = 30
  BINS = DAYS * 24 * 60 / BIN_MINUTES
  # The plotting area within the picture, in pixels.
  WIDTH = 900; HEIGHT = 336
  LEFT = 54; RIGHT = 884; TOP = 64; BOTTOM = 270
  INK = "#1f2933"; QUIET = "#616e7c"; GRID = "#52606d"; EDGE = "#9aa5b1"; BAND = "#f1f2f5"
  split("Mon Tue Wed Thu Fri Sat Sun", day_name, " ")
  # Drawn in this order; blue and orange stay apart for every kind of colour vision.
  SERIES = 2
  split("page_view_events listen_events", topic, " ")
  split("page views,listens", label, ",")
  split("#2b6cb0 #d9600a", colour, " ")
  split("#dbe7f5 #fbe3d0", tint, " ")
}

# One line a minute: {"start": MS, "auth_events": N, "listen_events": N, …}
/"start":/ {
  bin = int((number("start") - first_ms) / (60000 * BIN_MINUTES))
  if (number("start") < first_ms || bin >= BINS) next
  for (s = 1; s <= SERIES; s++) count[s, bin] += number(topic[s])
  auth += number("auth_events")
  minutes++
}

END {
  if (minutes == 0) exit 1
  for (s = 1; s <= SERIES; s++)
    for (b = 0; b < BINS; b++) {
      total[s] += count[s, b]
      if (count[s, b] / BIN_MINUTES > highest) highest = count[s, b] / BIN_MINUTES
    }
  step = tick_step(highest)
  top_value = step * ceiling(highest / step)
  head()
  weekend()
  for (s = 1; s <= SERIES; s++) area(s)
  axes()
  for (s = 1; s <= SERIES; s++) edge(s)
  legend()
  print "</svg>"
}

# The first number of that name on the line.
function number(name,    at) {
  at = index($0, "\"" name "\":")
  return at == 0 ? 0 : substr($0, at + length(name) + 3) + 0
}

function ceiling(value) {
  return value == int(value) ? value : int(value) + 1
}

# 1, 2 or 5 times a power of ten, so that there are three to six lines.
function tick_step(value,    unit) {
  for (unit = 1; unit * 10 <= value; unit *= 10) continue
  if (value / unit <= 1.5) return unit / 4
  if (value / unit <= 3) return unit / 2
  return value / unit <= 6 ? unit : unit * 2
}

function grouped(value,    text, out) {
  text = sprintf("%d", value)
  for (out = ""; length(text) > 3; text = substr(text, 1, length(text) - 3))
    out = "," substr(text, length(text) - 2) out
  return text out
}

# Pixels, to a tenth.
function at_x(hours) { return sprintf("%.1f", LEFT + (RIGHT - LEFT) * hours / (24 * DAYS)) }
function at_y(value) { return sprintf("%.1f", BOTTOM - (BOTTOM - TOP) * value / top_value) }

function line(x1, y1, x2, y2, stroke) {
  printf "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" %s/>\n", x1, y1, x2, y2, stroke
}

function words(x, y, anchor, fill, size, text) {
  printf "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\" font-size=\"%d\">%s</text>\n",
    x, y, anchor, fill, size, text
}

function head() {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"", WIDTH, HEIGHT
  printf " viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title description\"", WIDTH, HEIGHT
  print " font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\">"
  print "<title id=\"title\">A week of generated traffic</title>"
  printf "<desc id=\"description\">Events a minute from %s to %s (UTC): page views and listens rise", from, to
  print " by day, fall by night, and are fewer on Saturday and Sunday.</desc>"
  # A background of its own, so that dark ink stays readable on a dark page.
  printf "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#ffffff\"/>\n", WIDTH, HEIGHT
  printf "<text x=\"16\" y=\"27\" fill=\"%s\" font-size=\"16\" font-weight=\"600\">", INK
  print "A week of generated traffic</text>"
  words(16, 46, "start", QUIET, 12, "Events a minute, mean of each half hour")
}

function weekend() {
  printf "<rect x=\"%s\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", at_x(5 * 24), TOP,
    (RIGHT - LEFT) * 2 / 7, BOTTOM - TOP, BAND
  words(at_x(5 * 24) + 8, TOP + 17, "start", QUIET, 12, "weekend")
}

# The grid goes over the areas, thin enough to see both, and under their edges.
function axes(    day, hour, value, x, grid, axis) {
  grid = "stroke=\"" GRID "\" stroke-opacity=\"0.14\""
  axis = "stroke=\"" EDGE "\""
  for (value = 0; value <= top_value; value += step) {
    line(LEFT, at_y(value), RIGHT, at_y(value), value == 0 ? axis : grid)
    words(LEFT - 8, sprintf("%.1f", at_y(value) + 4), "end", QUIET, 12, grouped(value))
  }
  for (day = 0; day <= DAYS; day++) {
    x = at_x(24 * day)
    if (day > 0 && day < DAYS) line(x, TOP, x, BOTTOM, grid)
    line(x, BOTTOM, x, BOTTOM + 8, axis)
    if (day == DAYS) break
    for (hour = 6; hour < 24; hour += 6) {
      x = at_x(24 * day + hour)
      line(x, BOTTOM, x, BOTTOM + 4, axis)
      if (hour == 12) words(x, BOTTOM + 17, "middle", QUIET, 10, "12:00")
    }
    words(at_x(24 * day + 12), BOTTOM + 34, "middle", INK, 13, day_name[day + 1] " " (first_day + day))
  }
  words(RIGHT, HEIGHT - 12, "end", QUIET, 11, month_of(from) " " substr(from, 1, 4) ", UTC")
  words(LEFT, HEIGHT - 12, "start", QUIET, 11, "polyrhythm generate --users " users " --from " \
    from " --to " to " --seed " seed)
}

function month_of(date,    name) {
  split("January February March April May June July August September October November December",
    name, " ")
  return name[substr(date, 6, 2) + 0]
}

# The points of a series, one in the middle of each half hour.
function points(s,    b, path) {
  for (b = 0; b < BINS; b++)
    path = path (b == 0 ? "M" : b == 1 ? "L" : " ") at_x((b + 0.5) * BIN_MINUTES / 60) "," \
      at_y(count[s, b] / BIN_MINUTES)
  return path
}

function area(s) {
  printf "<path d=\"%sL%s,%d %s,%dZ\" fill=\"%s\"/>\n", points(s),
    at_x((BINS - 0.5) * BIN_MINUTES / 60), BOTTOM, at_x(0.5 * BIN_MINUTES / 60), BOTTOM, tint[s]
}

function edge(s) {
  printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"", points(s), colour[s]
  print " stroke-linejoin=\"round\"/>"
}

# At the top right, with room for the widest of the fonts. Sign-ins are too few to draw.
function legend(    s, x) {
  x = RIGHT - 462
  for (s = 1; s <= SERIES; s++) {
    printf "<line x1=\"%d\" y1=\"42\" x2=\"%d\" y2=\"42\" stroke=\"%s\" stroke-width=\"3\"/>\n", x,
      x + 18, colour[s]
    words(x + 24, 46, "start", INK, 12,
      label[s] " <tspan fill=\"" QUIET "\">" grouped(total[s]) "</tspan>")
    x += s == 1 ? 182 : 160
  }
  words(RIGHT, 46, "end", QUIET, 12, "sign-ins " grouped(auth))
}
