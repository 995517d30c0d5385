"""A Superset for `make superset-test`: in one directory, on loopback, for one run."""
import os

SECRET_KEY = "for one run of a test, on loopback"
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.path.join(os.environ["SUPERSET_HOME"], "superset.db")
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
# All charts of a dashboard are asked for at once, and not only those that a window of that height shows.
FEATURE_FLAGS = {"DASHBOARD_VIRTUALIZATION": False}
