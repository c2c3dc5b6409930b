"""
Asks questions in a child process, with a time limit.

Sound drivers hang, libraries built for another processor or CUDA crash the process that loads them, and a middleware
cannot be taken down again: none of that may end the doctor, who has to tell of it.
"""

from __future__ import annotations

import math
import re
import signal
import subprocess
import sys
from typing import TypeVar

import msgspec

from voice_pipeline.jetson.host import CommandRunner, Completed, run_command
from voice_pipeline.tools.doctor.check import CheckError, error

PROBES = 'voice_pipeline.tools.doctor.probes'
MARK = 'doctor-answer: '  # libraries print what they like; the line with the answer begins with this

# Around a message of ROS' own log: severity, time, logger; the line of its source.
_LOG_FRAME = re.compile(r'^(\[[^\]]*\]:?\s*)+|, at /\S+:\d+$')

AnswerT = TypeVar('AnswerT', bound=msgspec.Struct)


def ask(
    probe: str,
    question: msgspec.Struct,
    answer: type[AnswerT],
    *,
    what: str,
    advice: str,
    timeout_s: float,
    run: CommandRunner = run_command,
) -> AnswerT:
    """
    Return what a probe of `probes.py` answers, by its name.

    Raises `CheckError`: `what` could not be done ("the model could not be tried"), and the advice for that case.
    """
    command = [sys.executable, '-m', PROBES, probe, msgspec.json.encode(question).decode(), str(math.ceil(timeout_s))]
    try:
        completed = run(command, text_input='', timeout_s=timeout_s)
    except subprocess.TimeoutExpired:
        raise CheckError(error(f'{what}: no answer within {timeout_s:g} s', advice)) from None
    except OSError as refusal:
        raise CheckError(error(f'{what}: {refusal.strerror}', advice)) from None
    for line in reversed(completed.output.splitlines()):
        if line.startswith(MARK):
            return msgspec.json.decode(line.removeprefix(MARK), type=answer)
    raise CheckError(error(f'{what}: {_last_words(completed)}', advice))


def _last_words(completed: Completed) -> str:
    if completed.exit_status >= 0:
        return _LOG_FRAME.sub('', completed.last_line)
    name = signal.Signals(-completed.exit_status).name
    meaning = {
        'SIGSEGV': 'a library crashed, as one built for another system does',
        'SIGILL': 'a library uses instructions that this processor does not have',
        'SIGKILL': 'the system ended it, most likely for want of memory',
        'SIGALRM': 'it took too long',
    }
    return f'{meaning.get(name, "it crashed")} ({name})'
