"""What the document cannot say: where the webhooks of a test may lead, which cursors there are, and what excludes each other."""

import os
import re

import schemathesis

RECEIVER = os.environ["ECLIPS_RECEIVER_URL"] + "/fuzz"
# Well formed, and refused with 422: `cargo dev` takes its own machine as http:// alone.
REFUSED = "https://127.0.0.1/"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Admits what `cargo dev` admits and nothing else does: receivers on loopback by http://."""
    for schema in raw_schema["components"]["schemas"].values():
        for name in ("url", "webhook_url"):
            member = schema.get("properties", {}).get(name, {})
            if member.get("pattern") == "^https://":
                member["pattern"] = "^https?://"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leads every URL that might be taken to loopback, and makes a request of parameters that go together."""
    is_negative = case.meta is not None and case.meta.generation.mode.is_negative
    if isinstance(case.body, dict):
        for name in ("url", "webhook_url"):
            url = case.body.get(name)
            if isinstance(url, str) and re.match("https?:", url, re.IGNORECASE) and len(url) <= 2048:
                case.body[name] = REFUSED if is_negative else RECEIVER
    query = case.query or {}
    if not is_negative and "status" in query:
        query.pop("agent_type", None)
    cursor = query.get("cursor")
    if isinstance(cursor, str) and re.fullmatch("[A-Za-z0-9_-]+", cursor):
        if len(cursor) < 40:
            # Well formed and nobody's.
            del query["cursor"]
        else:
            # From a link. It is good for the list without a filter that it came from.
            for name in [name for name in query if name not in ("cursor", "limit")]:
                del query[name]
