"""Sessions through Flask-Session's own stores, for a test that migrates them in between.

flask_live.py write [COUNT]  writes sessions with SESSION_TYPE sqlalchemy into the PostgreSQL database of SOURCE_URL
                             (20 unless told) and prints [{"cookie": ..., "expected": {...}}, ...]
flask_live.py read           takes that list on standard input, reads each session with SESSION_TYPE redis from
                             TARGET_URL and prints [{"cookie": ..., "ok": true, "read": {...}}, ...]

In both lists bytes appear as {"hex": ...}. Reading changes nothing in Redis: neither the value nor its expiry.
The exit code says only whether the program ran; the answers are in "ok".
"""

import json
import os
import re
import sys
from datetime import timedelta

import redis
from flask import Flask, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy


def make_app(store: dict) -> Flask:
    """An application whose one page stores `app.values`, if there are any, and keeps what it read in `app.read`."""
    app = Flask(__name__)
    # Without the refresh a page that only reads leaves the store alone.
    app.config.update(PERMANENT_SESSION_LIFETIME=timedelta(days=30), SESSION_REFRESH_EACH_REQUEST=False, **store)
    app.values = {}

    @app.get("/")
    def page():
        app.read = dict(session)
        if app.values:  # even an empty update would count as a change, and be stored
            session.update(app.values)
        return ""

    return app


def sql_app() -> Flask:
    url = re.sub(r"^\w+:", "postgresql+psycopg:", os.environ["SOURCE_URL"])
    app = make_app({"SESSION_TYPE": "sqlalchemy", "SQLALCHEMY_DATABASE_URI": url})
    app.config["SESSION_SQLALCHEMY"] = SQLAlchemy(app)
    Session(app)  # creates the table
    return app


def redis_app() -> Flask:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis.from_url(os.environ["TARGET_URL"])})
    Session(app)
    return app


def values(number: int) -> dict:
    contents = [
        {"roles": ["user", "editor"], "csrf_token": f"token-{number}"},
        {"name": "Łukasz Żółć", "city": "東京", "note": "👩‍👩‍👧 crème brûlée", "quoted": 'a "quote" and a \\'},
        {"token": bytes([0, 255, 254, 128, 13, 10, number % 256]), "empty": b""},
        {"tree": {"a": {"b": [{"c": [True, False, None, -1, 2**53 - 1, 0.1]}]}}, "page": "0123456789abcdef" * (number % 64)},
    ]
    return {"user_id": number, **contents[number % len(contents)]}


def printable(value):
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list) else value


def write(count: int) -> list[dict]:
    app, written = sql_app(), []
    for number in range(count):
        app.values = values(number)
        client = app.test_client()
        client.get("/").close()
        expected = {"_permanent": True, **printable(app.values)}
        written.append({"cookie": client.get_cookie("session").value, "expected": expected})
    return written


def read(sessions: list[dict]) -> list[dict]:
    app, answers = redis_app(), []
    # The page's own exceptions come through instead of an answer with status 500.
    app.testing = True
    for entry in sessions:
        client = app.test_client()
        client.set_cookie("session", entry["cookie"])
        app.read = {}
        try:
            client.get("/").close()
            found = printable(app.read)
        except Exception as error:  # one value that cannot be read must not hide the others
            found = {"error": f"{type(error).__name__}: {error}"}
        answers.append({"cookie": entry["cookie"], "ok": found == entry["expected"], "read": found})
    return answers


match sys.argv[1:]:
    case ["write", *count]:
        answer = write(int(count[0]) if count else 20)
    case ["read"]:
        answer = read(json.load(sys.stdin))
    case _:
        sys.exit(__doc__)
print(json.dumps(answer))
