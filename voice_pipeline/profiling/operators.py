"""What torch does inside the model, operator by operator: torch's own profiler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_ROWS = 15
_NAME_LETTERS = 40


def trace_operators(work: Callable[[], object], device: str, trace: Path) -> str:
    """
    Do the work under torch's profiler; return a table of the operators that take the most time, as text.

    `device`: `cpu` or `cuda`, where the kernels on the GPU are traced too. `trace`: the file for the timeline of every
    operator, in Chrome's format (ui.perfetto.dev draws it, also offline); its folder is made. Raises `OSError`.
    """
    from torch.profiler import ProfilerActivity, profile

    trace.parent.mkdir(parents=True, exist_ok=True)
    trace.write_text('', encoding='utf-8')  # torch only logs that it cannot write
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == 'cuda' else [])]
    with profile(activities=activities, record_shapes=True) as recorded:
        work()
    recorded.export_chrome_trace(str(trace))
    table: str = recorded.key_averages().table(
        sort_by=f'self_{device}_time_total', row_limit=_ROWS, max_name_column_width=_NAME_LETTERS
    )
    return table
