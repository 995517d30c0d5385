#!/usr/bin/env python3
"""Brings a bundle that `polyrhythm superset export DIR` wrote into Superset, by its assets endpoint: what is there already
is replaced, and dashboards, charts and datasets of one's own stay.

import_bundle.py DIR http://SUPERSET:8088

SUPERSET_USER and SUPERSET_PASSWORD log in to Superset (an administrator); ANALYST_PASSWORD is that of the role analyst in
PostgreSQL. Python's own library is all that it needs.
"""
import io, json, os, pathlib, sys, urllib.error, urllib.request, uuid, zipfile


def archive(folder):
    """The files of the folder as a ZIP archive, below one directory, as Superset wants it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(pathlib.Path(folder).rglob("*.yaml")):
            out.write(path, "polyrhythm/" + path.relative_to(folder).as_posix())
    return buffer.getvalue()


def log_in(base, user, password):
    """A token of the API."""
    body = json.dumps({"username": user, "password": password, "provider": "db", "refresh": False})
    request = urllib.request.Request(
        base + "/api/v1/security/login", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["access_token"]


def csrf(base, headers):
    """What Superset wants beside the token where something is written, unless it is set up without."""
    request = urllib.request.Request(base + "/api/v1/security/csrf_token/", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        cookie = (answer.headers.get("Set-Cookie") or "").split(";")[0]
        return {"X-CSRFToken": json.load(answer)["result"], "Cookie": cookie, "Referer": base}


def import_bundle(base, token, content, analyst_password):
    boundary = uuid.uuid4().hex
    parts = [
        (b'name="bundle"; filename="polyrhythm.zip"\r\nContent-Type: application/zip', content),
        (b'name="passwords"', json.dumps(
            {"databases/polyrhythm.yaml": analyst_password}).encode()),
    ]
    body = b"".join(
        b"--" + boundary.encode() + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n"
        + value + b"\r\n" for head, value in parts) + b"--" + boundary.encode() + b"--\r\n"
    headers = {"Authorization": "Bearer " + token}
    headers |= csrf(base, headers)
    headers["Content-Type"] = "multipart/form-data; boundary=" + boundary
    request = urllib.request.Request(base + "/api/v1/assets/import/", body, headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    missing = [name for name in ("SUPERSET_USER", "SUPERSET_PASSWORD", "ANALYST_PASSWORD")
               if not os.environ.get(name)]
    if missing:
        sys.exit("import_bundle: set " + ", ".join(missing))
    base = sys.argv[2].rstrip("/")
    try:
        token = log_in(base, os.environ["SUPERSET_USER"], os.environ["SUPERSET_PASSWORD"])
        import_bundle(base, token, archive(sys.argv[1]), os.environ["ANALYST_PASSWORD"])
    except urllib.error.HTTPError as error:
        sys.exit(f"import_bundle: {error.url}: {error.code} {error.read().decode(errors='replace')[:2000]}")
    except urllib.error.URLError as error:
        sys.exit(f"import_bundle: {base}: {error.reason}")
    print("import_bundle: imported")


if __name__ == "__main__":
    main()
