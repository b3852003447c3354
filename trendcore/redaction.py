"""Taking secrets out of texts before anyone sees them: error lines, logs, tracebacks, manifests.

What a secret is, its surroundings say (`password=...`, `s3://key:secret@...`), its own form (`AKIA...`, a
private key), or `register`, for values known at run time. Standard library only: everything may import this.
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import quote

#: what stands for a secret
MASK: Final = "***"
#: a registered value below this length is not looked for: it would blot out ordinary words
SHORTEST: Final = 4

_SECRET_WORDS: Final = frozenset({
    "secret", "token", "password", "passwd", "passphrase", "pwd", "credential", "credentials", "apikey",
    "accesskey", "secretkey", "sessiontoken", "privatekey", "authkey", "accountkey",
})  # fmt: skip
#: a key is secret only in such company: a table's key, the gate `keys` and `sort_key` are not
_KEYS: Final = frozenset({
    "access", "account", "api", "auth", "encryption", "master", "private", "sas", "session", "shared",
    "signing",
})  # fmt: skip
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# possessive, so that a long word is gone through once
_NAME: Final = re.compile(r"""(?<![\w.\-])([\w.\-]++)(?:\\*+["'])?\s*+[:=]\s*+""")
#: a quoted value, perhaps cut off, or a bare one less the marks that follow it
_VALUE: Final = re.compile(
    r"""([bru]{0,2}(\\*+["'])) .*? (?:\2|\Z) | (?![\\"']) [^\s&]* [^\s&"',;)\]}>\\]""", re.VERBOSE | re.DOTALL
)
_QUERY: Final = re.compile(
    r"(?i)([?&;](?:[\w.\-]*(?:signature|credential|token|secret|password|sig|key|accesskeyid))=)[^&\s\"'#]+"
)
_HEADER: Final = re.compile(
    r"""(?ix) (\b(?:proxy-)?authorization["']?\s*+[:=]\s*+["']?) [^\r\n"']+
      | (\bsignature=) [\w%/+=\-]{16,}
      | (\bbearer\s+) (?=\S*\d|\S{20})[\w.~+/=\-]{8,}"""
)
#: a path made of a URL keeps one slash of two
_USER: Final = re.compile(
    r"(?i)(?<![a-z0-9+.\-])([a-z][a-z0-9+.\-]++:/{1,3})"
    r"(?:[^\s@/?#\"':]{0,999}:[^\s@\"']{0,999}|[^\s@/?#\"']{1,999})@"
)
_KEY_ID: Final = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])")
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)

_known: set[str] = set()


def register(secret: str) -> None:
    """Take a value for a secret wherever `redact` meets it from now on.

    Parameters
    ----------
    secret
        The value; shorter than `SHORTEST` characters, it is left alone.

    Examples
    --------
    >>> register("correct horse")
    >>> redact("no bucket answers to correct horse or correct%20horse")
    'no bucket answers to *** or ***'
    """
    if len(secret) >= SHORTEST:
        _known.update((secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]))


def redact(text: str) -> str:
    """Return the text with each secret in it replaced by ``***``; whatever is no secret stays as it is.

    Parameters
    ----------
    text
        Any text: a message, a line of a log, a traceback.

    Examples
    --------
    >>> redact("cannot reach s3://me:hidden@bucket/papers?X-Amz-Signature=12ab&part=1")
    'cannot reach s3://***@bucket/papers?X-Amz-Signature=***&part=1'
    >>> redact('{"aws_secret_access_key": "abc", "keep": "fields"}')
    '{"aws_secret_access_key": "***", "keep": "fields"}'
    >>> redact("gate keys: papers has 2 rows of the same key=year; sort_key: field")
    'gate keys: papers has 2 rows of the same key=year; sort_key: field'
    """
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _PEM.sub(MASK, text)
    text = _USER.sub(rf"\1{MASK}@", text)
    text = _QUERY.sub(rf"\1{MASK}", text)
    text = _HEADER.sub(lambda found: next(filter(None, found.groups())) + MASK, text)
    return _KEY_ID.sub(MASK, _named(text))


def _named(text: str) -> str:
    """Mask the values whose names say that they are secret."""
    out, done, at = [], 0, 0
    while name := _NAME.search(text, at):
        at = name.end()
        value = _VALUE.match(text, at) if _is_secret(name[1]) else None
        if value is not None:
            quoted = value[2] or ""
            closed = quoted if value.end() > value.end(1) and value[0].endswith(quoted) else ""
            out += [text[done:at], value[1] or "", MASK, closed]
            done = at = value.end()
    return "".join([*out, text[done:]])


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if _SECRET_WORDS.intersection(words):
        return True
    if "key" not in words:
        return False
    # shells write settings in capitals: OPENALEX_KEY
    return bool(_KEYS.intersection(words)) or (len(words) > 1 and name.isupper() and words[-1] == "key")
