"""YAML files, read with an error that names the file and says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def load_yaml(path: Path, error: type[ValueError]) -> Any:
    """Return what the file holds. Raises `error` where it cannot be read, or is not YAML."""
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as problem:
        raise error(f'{path}: cannot be read: {problem}') from None
    except (yaml.YAMLError, RecursionError) as problem:
        raise error(f'{path}: not valid YAML: {problem}') from None
