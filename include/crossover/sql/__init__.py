"""Query text lives in .sql files beside this module; nothing else builds SQL out of strings."""

import re
from functools import cache
from importlib.resources import files

from crossover.errors import BadSetting

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@cache
def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def sql(name: str, /, **names: str) -> str:
    """The text of `name` (a path below this folder) with its `{{placeholders}}` replaced.

    Placeholders stand for identifiers and relations only; values are bound by the driver. A placeholder without a
    name, or a name without a placeholder, raises BadSetting: a dropped parameter once made a whole benchmark worthless.
    """
    text = _text(name)
    wanted = set(_PLACEHOLDER.findall(text))
    if wanted != set(names):
        raise BadSetting(f"{name}: placeholders {sorted(wanted)} but given {sorted(names)}")
    return _PLACEHOLDER.sub(lambda match: names[match.group(1)], text)
