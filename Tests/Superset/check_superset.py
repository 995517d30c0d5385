"""Imports the bundle into a running Superset twice, opens each dashboard in Chromium, takes a picture of it, and compares
what each chart got with the same question asked of PostgreSQL directly.

check_superset.py BUNDLE SUPERSET-URL PORT PICTURES; the password of the role analyst is in ANALYST_PASSWORD.
"""
import datetime, decimal, json, os, pathlib, re, sys, urllib.parse, urllib.request

import psycopg2
import yaml
from playwright.sync_api import sync_playwright

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent.parent / "compose" / "superset"))
from import_bundle import archive, import_bundle, log_in

bundle, base, port, pictures = sys.argv[1:5]
password = os.environ["ANALYST_PASSWORD"]
failures = []


def load(folder):
    return [yaml.safe_load(path.read_text()) for path in sorted(pathlib.Path(bundle, folder).rglob("*.yaml"))]


def get(path, token):
    request = urllib.request.Request(base + path, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def everything(token):
    """The numbers and UUIDs of all that Superset has."""
    found = {}
    for kind in ("database", "dataset", "chart", "dashboard"):
        rows = get(f"/api/v1/{kind}/?q=(page_size:100)", token)["result"]
        found[kind] = sorted((row["id"], row.get("uuid") or row.get("slice_name") or "") for row in rows)
    return found


def queries():
    """The SQL below each heading, by heading."""
    found = {}
    for path in (here.parent / "Reference" / "dashboard-queries.md", here / "charts.md"):
        for part in path.read_text().split("\n## ")[1:]:
            title, text = part.split("\n", 1)
            found[title.strip()] = re.search(r"```sql\n(.*?)```", text, re.S).group(1)
    return found


# Rates in the tables of dashboard. Charts show those of windows whose plays have settled; the reference's SQL shows all.
RATES = {"skip_rate", "completion_rate", "avg_listen_time", "like_rate"}


def where_settled(connection):
    """What stands before the reference's SQL, so that it reads tables in which windows with open plays have no rates."""
    tables = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, array_agg(column_name::text) FROM information_schema.columns "
                       "WHERE table_schema = 'dashboard' AND table_name LIKE '%\\_metrics' GROUP BY table_name")
        for table, columns in cursor.fetchall():
            is_open = "time_window >= (SELECT hours_before FROM settled)"
            if "granularity" in columns:
                is_open = f"CASE granularity WHEN 'hour' THEN {is_open} ELSE time_window >= (SELECT minutes_before FROM settled) END"
            shown = [f"CASE WHEN {is_open} THEN NULL ELSE {name} END AS {name}" if name in RATES else name for name in columns]
            tables.append(f"{table} AS (SELECT {', '.join(shown)} FROM dashboard.{table})")
    return f"WITH {', '.join(tables)} "


def plain(value):
    """One spelling for a value, whoever it comes from."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return str(int(value.timestamp() * 1000))
    if isinstance(value, datetime.date):
        return plain(datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else f"{float(value):.9g}"
    return value if value is None else str(value)


def rows_of(form, result):
    """The rows of an answer of Superset: dimensions first, in the order in which the chart names them, then metrics."""
    def label(metric):
        return metric if isinstance(metric, str) else metric["label"]
    metrics = [label(metric) for metric in form.get("metrics") or []] or ([label(form["metric"])] if form.get("metric") else [])
    by = form.get("groupby") or []
    by = [by] if isinstance(by, str) else by
    if form.get("all_columns"):
        names = form["all_columns"]
    elif form["viz_type"] == "country_map":
        names = ["country_id", "metric"]
    elif form["viz_type"].startswith("echarts_timeseries") and by:
        x = form["x_axis"]
        return [(row[x], *name.split(", "), value) for row in result["data"]
                for name, value in row.items() if name != x and value is not None]
    else:
        names = ([form["x_axis"]] if form.get("x_axis") else []) + by + metrics
    return [tuple(row[name] for name in names) for row in result["data"]]


def without_last_rank(rows, measure):
    """Of a list that was cut, what is not as high as its last row: of those, others could stand there as well."""
    least = min((float(row[measure]) for row in rows), default=0)
    return [row for row in rows if float(row[measure]) > least]


def ends_settled(title, form, result, settled, failures):
    """A line of a rate has its last value where plays have settled, though its chart goes on."""
    rates = [metric["label"] for metric in form.get("metrics") or []
             if isinstance(metric, dict) and any(rate in metric["sqlExpression"] for rate in RATES)]
    if form["viz_type"] != "echarts_timeseries_line" or not rates:
        return
    rows = sorted(result["data"], key=lambda row: row[form["x_axis"]])
    for rate in rates:
        known = [row[form["x_axis"]] for row in rows if row[rate] is not None]
        if not known or known[-1] >= settled:
            failures.append(f"{title}: {rate} goes on where plays are open, or is not there: {known[-1:]}, settled {settled}")


def compare(title, form, result, sql, connection):
    until = result.get("to_dttm")
    now = datetime.datetime.fromtimestamp(until / 1000, datetime.timezone.utc) if until else None
    if form["viz_type"] == "country_map":
        # What such an answer says of its time is not what its query asked for.
        asked_for = re.search(r"< TO_TIMESTAMP\('([^']+)'", result["query"]).group(1)
        now = datetime.datetime.fromisoformat(asked_for).replace(tzinfo=datetime.timezone.utc)
    if any(rate in sql for rate in RATES):
        sql = where_settled(connection) + sql
    asked = re.sub(r"NOW\(\)", f"timestamptz '{now.isoformat()}'" if now else "now()", sql, flags=re.I)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        expected = [tuple(plain(value) for value in row) for row in cursor.fetchall()]
    found = [tuple(plain(value) for value in row) for row in rows_of(form, result)]
    if form["viz_type"].startswith("echarts_timeseries") and form.get("groupby"):
        expected = [row for row in expected if row[-1] is not None]
        if form.get("limit"):
            # Which of several cities with as many plays are among the five is open.
            def totals(rows):
                sums = {}
                for row in rows:
                    sums[row[1]] = sums.get(row[1], 0) + float(row[-1])
                return sums
            ours, theirs = totals(expected), totals(found)
            if sorted(ours.values()) != sorted(theirs.values()):
                failures.append(f"{title}: sums {theirs} and not {ours}")
            both = {name for name in ours if name in theirs}
            expected = [row for row in expected if row[1] in both]
            found = [row for row in found if row[1] in both]
    elif re.search(r"LIMIT \d+\s*$", sql) and len(expected) > 1:
        if len(found) != len(expected):
            failures.append(f"{title}: {len(found)} rows and not {len(expected)}")
        if form.get("all_columns"):
            measure = len(expected[0]) - 1
        else:
            measure = 1
        expected, found = without_last_rank(expected, measure), without_last_rank(found, measure)
    def order(row):
        return tuple("" if value is None else value for value in row)
    expected, found = sorted(expected, key=order), sorted(found, key=order)
    if expected != found:
        missing = [row for row in expected if row not in found][:3]
        extra = [row for row in found if row not in expected][:3]
        failures.append(f"{title}: {len(found)} rows and not {len(expected)}; missing {missing}, not ours {extra}\n{result.get('query')}")
    return len(found)


def look(page, dashboard, charts):
    """Opens a dashboard; what each of its charts was answered, by the chart's title."""
    answers = {}
    names = {child["meta"]["sliceName"] for child in dashboard["position"].values()
             if isinstance(child, dict) and child.get("type") == "CHART"}
    # The answers are taken on their way: a browser that has much to do gives up bodies before they are asked for.
    def keep(route):
        response = route.fetch(timeout=120_000)
        route.fulfill(response=response)
        if route.request.method != "POST":
            return
        try:
            body = response.json()
        except ValueError as error:
            body = {"message": str(error)}
        # Maps still ask in the way of older versions.
        if "/superset/explore_json/" in route.request.url:
            form = body.get("form_data") or {}
            body = {"result": [body]}
        else:
            form = json.loads(route.request.post_data)["form_data"]
        title = charts.get(form.get("slice_id"))
        # A dashboard that was left may still ask, as it refreshes itself.
        if title in names:
            answers[title] = (form, response.status, body)
    for asked in ("**/api/v1/chart/data**", "**/superset/explore_json/**"):
        page.route(asked, keep)
    page.goto(f"{base}/superset/dashboard/{dashboard['slug']}/", wait_until="domcontentloaded")
    for _ in range(240):
        page.wait_for_timeout(500)
        if names <= set(answers) and page.locator(".loading, [data-test=loading-indicator]").count() == 0:
            break
    else:
        failures.append(f"{dashboard['slug']}: not drawn after two minutes: {sorted(names - set(answers))}")
    # Charts are drawn with a movement of their own.
    page.wait_for_timeout(2500)
    errors = page.locator("[data-test=chart-container] .ant-alert-error, .chart-container .ant-alert-error").all_inner_texts()
    if errors:
        failures.append(f"{dashboard['slug']}: {errors}")
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.grid-content, .dashboard-content, #GRID_ID')]"
        ".map(e => e.getBoundingClientRect().bottom), 600)")
    page.set_viewport_size({"width": 1400, "height": min(int(height) + 40, 3000)})
    page.wait_for_timeout(3000)
    page.screenshot(path=f"{pictures}/superset-{dashboard['slug'].removeprefix('polyrhythm-')}.png")
    page.unroute_all(behavior="ignoreErrors")
    page.set_viewport_size({"width": 1400, "height": 1000})
    return answers


def narrow_down(page, dashboard, charts):
    """Takes the first genre in the filter of a dashboard; each of its charts must then ask for that one alone."""
    names = {child["meta"]["sliceName"] for child in dashboard["position"].values()
             if isinstance(child, dict) and child.get("type") == "CHART"}
    genre = next(item["id"] for item in dashboard["metadata"]["native_filter_configuration"] if item["name"] == "Genre")
    narrowed = set()
    def keep(response):
        if "/api/v1/chart/data" in response.url and response.request.method == "POST":
            form = json.loads(response.request.post_data)["form_data"]
            if "genre IN ('rock')" in str(response.json()["result"][0].get("query")):
                narrowed.add(charts.get(form.get("slice_id")))
    page.goto(f"{base}/superset/dashboard/{dashboard['slug']}/", wait_until="networkidle")
    page.on("response", keep)
    box = page.locator(f'input[aria-label="{genre}"]').first
    box.click()
    box.fill("rock")
    page.locator('.ant-select-item-option[title="rock"]').click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Apply").first.click()
    for _ in range(60):
        page.wait_for_timeout(500)
        if names <= narrowed:
            break
    else:
        failures.append(f"{dashboard['slug']}: the filter Genre does not reach {sorted(names - narrowed)}")
    page.remove_listener("response", keep)


def main():
    content = archive(bundle)
    token = log_in(base, "admin", "admin")
    import_bundle(base, token, content, password)
    first = everything(token)
    for kind, folder in (("database", "databases"), ("dataset", "datasets"), ("chart", "charts"), ("dashboard", "dashboards")):
        if len(first[kind]) != len(load(folder)):
            failures.append(f"{len(first[kind])} of {kind} after the import, and not {len(load(folder))}")
    import_bundle(base, token, content, password)
    if everything(token) != first:
        failures.append("a second import does not leave what the first one made")
    charts = {row["id"]: row["slice_name"] for row in get("/api/v1/chart/?q=(page_size:100)", token)["result"]}
    sql = queries()
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user="analyst", password=password, dbname="polyrhythm",
        options="-csearch_path=dashboard -ctimezone=UTC")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM minutes_before) * 1000 FROM settled")
        settled = float(cursor.fetchone()[0])
    origins = {chart["slice_name"]: chart["description"] for chart in load("charts")}
    compared = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000}, timezone_id="UTC")
        # A machine that is busy with builds takes its time.
        page.set_default_timeout(120_000)
        page.goto(base + "/login/", wait_until="networkidle")
        page.fill("input[name=username], #username, [data-test=username-input]", "admin")
        page.fill("input[name=password], #password, [data-test=password-input]", "admin")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        for dashboard in load("dashboards"):
            for title, (form, status, body) in sorted(look(page, dashboard, charts).items()):
                if status != 200 or "result" not in body or body["result"][0].get("error"):
                    failures.append(f"{title}: {status} {json.dumps(body)[:500]}")
                    continue
                reference = sql.get(origins[title]) or sql.get(title)
                if reference is None:
                    failures.append(f"{title}: there is no SQL to compare it with")
                    continue
                ends_settled(title, form, body["result"][0], settled, failures)
                count = compare(title, form, body["result"][0], reference, connection)
                print(f"{dashboard['slug']}: {title}: {count} rows")
                compared += 1
        narrow_down(page, next(item for item in load("dashboards") if item["slug"] == "polyrhythm-content"), charts)
        browser.close()
    if compared != len(charts):
        failures.append(f"{compared} charts were compared, and not {len(charts)}")
    if failures:
        sys.exit("\n".join(failures))
    print(f"check_superset: {compared} charts show what PostgreSQL says; {len(first['dashboard'])} dashboards, imported twice")


main()
