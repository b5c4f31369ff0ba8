"""Sessions written by Flask-Session's sqlalchemy interface, and how its redis interface must find them."""

import json
import os
import pickle
import re
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import psycopg
import redis
from flask import Flask, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event

LIFETIME = timedelta(days=30 * 365)
SOURCE_URL = os.environ["SOURCE_URL"]
TARGET_URL = os.environ["TARGET_URL"]

SESSIONS = [
    {"user_id": 42, "roles": ["user", "editor"], "csrf_token": "b9Qk3VtS0m"},
    {"_flashes": [("message", "Gespeichert."), ("error", "E-Mail ungültig")]},
    {"name": "Łukasz Żółć", "city": "東京", "note": "👩‍👩‍👧 crème brûlée", "": "empty key"},
    {"token": b"\x00\xff\xfe\x80\r\n\x1a", "empty": b"", "latin1": "café".encode("latin-1")},
    {"tree": {"a": {"b": [{"c": [True, False, None, -1, 2**63, 0.1, 1e300]}]}}, "by_number": {7: "seven"}},
    {"since": datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)},
    {"page": "0123456789abcdef" * 128},
]

statements: list[str] = []


@event.listens_for(Engine, "before_cursor_execute")
def remember_ddl(_connection, _cursor, statement, *_rest):
    if statement.lstrip().startswith("CREATE"):
        statements.append(statement.strip())


def make_app(**config) -> Flask:
    """An application whose one page stores `app.values`, if there are any, and keeps what it read in `app.read`."""
    app = Flask(__name__)
    # Without the refresh a page that only reads leaves the store alone.
    app.config.update(PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_REFRESH_EACH_REQUEST=False, **config)
    app.values = {}

    @app.get("/")
    def page():
        app.read = dict(session)
        if app.values:
            session.update(app.values)
        return ""

    return app


def sql_app(**config) -> Flask:
    app = make_app(SESSION_TYPE="sqlalchemy", SQLALCHEMY_DATABASE_URI=re.sub(r"^\w+:", "postgresql+psycopg:", SOURCE_URL), **config)
    app.config["SESSION_SQLALCHEMY"] = SQLAlchemy(app)
    Session(app)
    return app


def redis_app(client: redis.Redis) -> Flask:
    app = make_app(SESSION_TYPE="redis", SESSION_REDIS=client)
    Session(app)
    return app


def write(app: Flask, values: dict) -> str:
    app.values = values
    client = app.test_client()
    client.get("/")
    return client.get_cookie("session").value


def read(app: Flask, cookie: str) -> dict:
    app.values = {}
    client = app.test_client()
    client.set_cookie("session", cookie)
    client.get("/")
    return app.read


def plain(values: dict) -> dict:
    """What comes back for what was stored: msgpack has no tuples."""
    return {key: [list(item) for item in value] if key == "_flashes" else value for key, value in values.items()}


def check(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"does not hold: {what}")


def write_sessions() -> dict[str, dict]:
    """Cookie to contents, for all sessions that are live."""
    app = sql_app()
    written = {write(app, values): {"_permanent": True, **values} for values in SESSIONS}
    values = {"cart": [1, 2]}
    written[write(sql_app(SESSION_PERMANENT=False), values)] = values
    values = {"lang": "de", "näme": 'quote " and \\'}
    written[write(sql_app(SESSION_SERIALIZATION_FORMAT="json"), values)] = {"_permanent": True, **values}
    return written


def add_rows_by_hand(source: psycopg.Connection, written: dict[str, dict]) -> None:
    insert = "INSERT INTO sessions (session_id, data, expiry) SELECT 'session:' || %s, coalesce(%s, data), %s FROM sessions WHERE id = 1"
    live = datetime(2056, 11, 5, 12, 34, 56, 789999)
    old = {"user_id": 42, "when": date(2024, 2, 29), "bytes": b"\x00\xff", "tuple": (1, "zwei")}
    source.execute(insert, ["pickled-by-hand", pickle.dumps(old, protocol=4), live])
    source.execute(insert, ["expired-by-hand", None, datetime(2020, 1, 1)])
    source.execute(insert, ["no-expiry-by-hand", None, None])
    source.commit()
    written["pickled-by-hand"] = old


def main() -> None:
    source = psycopg.connect(SOURCE_URL)
    target = redis.from_url(TARGET_URL)
    (zone,) = source.execute("SHOW timezone").fetchone()
    check(zone != "UTC", "the server is in a zone that is not UTC")
    check(target.dbsize() == 0, "the target is empty")

    written = write_sessions()
    add_rows_by_hand(source, written)

    rows, keys = [], []
    for id, session_id, data, expiry in source.execute("SELECT id, session_id, data, expiry FROM sessions ORDER BY id"):
        text = expiry and expiry.isoformat(" ", "microseconds")
        rows.append({"table": "sessions", "row": {"id": id, "session_id": session_id, "data": {"hex": data.hex()}, "expiry": text}})
        if session_id.removeprefix("session:") in written:
            # The digits are UTC in any zone of the server; Redis keeps whole milliseconds.
            expires_at = (expiry.replace(tzinfo=UTC) - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
            keys.append({"key": session_id, "type": "string", "value": {"hex": data.hex()}, "expiresAt": expires_at})
    source.rollback()

    # Both stores must read each session, and the Redis store must write the same bytes under the same key.
    sql_store, redis_store = sql_app(), redis_app(target)
    for key in keys:
        cookie, data = key["key"].removeprefix("session:"), bytes.fromhex(key["value"]["hex"])
        check(read(sql_store, cookie) == plain(written[cookie]), f"the SQL store reads {cookie}")
        if data[0] not in b"{\x80":  # JSON and pickle are only read: this application writes msgpack
            interface = redis_store.session_interface
            interface._upsert_session(LIFETIME, interface.session_class(written[cookie], cookie), key["key"])
            check(target.get(key["key"]) == data, f"the Redis store writes the same for {cookie}")
        target.flushdb()
        target.set(key["key"], data, pxat=key["expiresAt"])
        check(target.pexpiretime(key["key"]) == key["expiresAt"], f"{cookie} has the expiry of its row")
        check(read(redis_store, cookie) == plain(written[cookie]), f"the Redis store reads {cookie}")
    target.flushdb()
    for cookie in ["expired-by-hand", "no-expiry-by-hand"]:
        check(not read(sql_store, cookie).keys() - {"_permanent"}, f"the SQL store takes {cookie} as expired")

    golden = {
        "about": f"Recorded on {date.today()} from SESSION_TYPE sqlalchemy with a lifetime of 10950 days, through requests to a Flask application. "
        "Written by the library: all rows but those named *-by-hand. One session is not permanent, one was written with "
        "SESSION_SERIALIZATION_FORMAT json, the others hold msgpack. pickled-by-hand holds a pickle, as written before Flask-Session 0.7. "
        "Each row was read, or taken as expired, through SESSION_TYPE sqlalchemy. Each msgpack key was written byte for byte alike by the redis "
        "interface, and each key, set by the rule with the expiry of its row, was read through SESSION_TYPE redis with the contents that had been stored.",
        "versions": {
            **{name: version(name) for name in ["Flask-Session", "Flask", "Flask-SQLAlchemy", "SQLAlchemy", "psycopg", "msgspec", "redis"]},
            "python": "{}.{}.{}".format(*sys.version_info),
            "postgresql": source.info.parameter_status("server_version").split()[0],
            "redis-server": target.info("server")["redis_version"],
        },
        "preset": "flask-session",
        "options": {},
        "serverTimeZone": zone,
        "schema": statements,
        "rows": rows,
        "keys": keys,
        "expired": [{"id": "session:expired-by-hand", "why": "expiry lies in 2020."}],
        "rejected": [
            {
                "id": "session:no-expiry-by-hand",
                "why": "Has no expiry. The library takes such a row as expired, and deletes it when it is read; Rehome does not guess.",
            },
        ],
    }
    print(json.dumps(golden, indent=2, ensure_ascii=False))


main()
